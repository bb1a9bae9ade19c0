import { createCipheriv, randomBytes } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import { importAesKey, importMacKey, readableKey, useAndDestroy } from '../keys/session-keys.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Handle } from '../pkcs11/session.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'
import type { Bench } from './bench.ts'
import { type Closed, macInProcess, sealWithMac, splitTag, verifyMac } from './companion-mac.ts'
import { flip, isRefused } from './prove-seal.ts'
import type { MacHash } from './shapes.ts'
import type { Candidate, KeyHandles, Unwrapping, WrapStrategy } from './strategy.ts'
import { type TemplateHabit, templateHabits } from './template-habits.ts'

const IV_BYTES = 16
const KEY_BYTES = 32

interface Format {
  readonly name: string
  readonly hash: MacHash
  readonly mechanism: number
  /** A block more, or none: two formats. */
  readonly padded: boolean
}

/** A random IV, the key wrapped by AES-256-CBC, the companion's HMAC over name, context, IV and wrapped key. */
const strategyOf = ({ name, hash, mechanism, padded }: Format, habit: TemplateHabit): WrapStrategy => ({
  name,
  mechanisms: [mechanism],
  wrap(session, keys, { key, context }) {
    const iv = randomBytes(IV_BYTES)
    const wrapped = session.wrapKey({ mechanism, parameter: viewAsBuffer(iv) }, keys.key, key)
    if (wrapped.length !== KEY_BYTES + (padded ? IV_BYTES : 0))
      throw new DeviceError('a wrapped key of another length', 0, 'C_WrapKey')
    const tag = sealWithMac(session, keys, { hash, closed: closedBy(name, { context, iv, wrapped }) })
    return Buffer.concat([iv, wrapped, tag])
  },
  unwrap(session, keys, unwrapping) {
    const { closed, tag } = splitTag(unwrapping.wrapped, hash)
    const [iv, wrapped] = [closed.subarray(0, IV_BYTES), closed.subarray(IV_BYTES)]
    const { context, attributes } = unwrapping
    verifyMac(session, keys, { hash, tag, closed: closedBy(name, { context, iv, wrapped }) })
    return session.unwrapKey({ mechanism, parameter: viewAsBuffer(iv), key: keys.key }, wrapped, habit(attributes))
  },
})

interface Parts {
  readonly context: Uint8Array
  readonly iv: Uint8Array
  readonly wrapped: Uint8Array
}

const closedBy = (name: string, { context, iv, wrapped }: Parts): Closed => [name, context, iv, wrapped]

const candidateOf = (format: Format): Candidate<WrapStrategy> => ({
  name: format.name,
  variants: () => templateHabits.map((habit) => strategyOf(format, habit)),
  proves: (bench, strategy) => provesFormat(bench, { strategy, format }),
})

const pad = { mechanism: CKM.aesCbcPad, padded: true } as const
const aligned = { mechanism: CKM.aesCbc, padded: false } as const

export const cbcWraps: readonly Candidate<WrapStrategy>[] = [
  candidateOf({ name: 'cbc-wrap-hmac', hash: 'sha512', ...aligned }),
  candidateOf({ name: 'cbc-pad-wrap-hmac', hash: 'sha512', ...pad }),
  candidateOf({ name: 'cbc-wrap-hmac-sha256', hash: 'sha256', ...aligned }),
  candidateOf({ name: 'cbc-pad-wrap-hmac-sha256', hash: 'sha256', ...pad }),
]

/** Compared with node:crypto byte for byte, unwrapped, and refused with each part altered. */
function provesFormat(bench: Bench, { strategy, format }: { strategy: WrapStrategy; format: Format }): boolean {
  const { session } = bench
  const [wrapperBytes, macBytes, keyBytes] = [randomBytes(32), randomBytes(64), randomBytes(KEY_BYTES)]
  const context = randomBytes(20)
  return useAndDestroy(session, (own) => {
    const key = own(importAesKey(session, { value: wrapperBytes, uses: ['wrap', 'unwrap'] }))
    const keys: KeyHandles = { key, mac: own(importMacKey(session, macBytes)) }
    const subject = own(importAesKey(session, { value: keyBytes, uses: ['encrypt'], extractable: 'extractable' }))
    const wrapped = strategy.wrap(session, keys, { key: subject, context })
    const iv = wrapped.subarray(0, IV_BYTES)
    const known = { ...format, iv, context, wrapper: wrapperBytes, mac: macBytes, key: keyBytes }
    if (!equalBytes(wrapped, wrapInProcess(known))) return false
    const unwrapping: Unwrapping = { wrapped, context, attributes: readableKey }
    const back: Handle = own(strategy.unwrap(session, keys, unwrapping))
    if (!equalBytes(session.readAttribute(back, 'value'), keyBytes)) return false
    const altered = [
      ...[0, IV_BYTES, wrapped.length - 1].map((at) => ({ ...unwrapping, wrapped: flip(wrapped, at) })),
      { ...unwrapping, context: flip(context, 0) },
    ]
    return altered.every((one) => isRefused(bench, (apart) => strategy.unwrap(apart, keys, one)))
  })
}

interface Known extends Format {
  readonly iv: Uint8Array
  readonly context: Uint8Array
  readonly wrapper: Uint8Array
  readonly mac: Uint8Array
  readonly key: Uint8Array
}

function wrapInProcess({ name, hash, padded, iv, context, wrapper, mac, key }: Known): Uint8Array {
  const cipher = createCipheriv('aes-256-cbc', wrapper, iv).setAutoPadding(padded)
  const wrapped = Buffer.concat([cipher.update(key), cipher.final()])
  const tag = macInProcess(mac, { hash, closed: closedBy(name, { context, iv, wrapped }) })
  return Buffer.concat([iv, wrapped, tag])
}
