import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'
import { importAesKey, readableKey, useAndDestroy } from '../keys/session-keys.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { VendorProfile } from '../profiles/vendor-profile.ts'
import type { Bench } from './bench.ts'
import { isRefused, flip } from './prove-seal.ts'
import type { Candidate, WrapStrategy } from './strategy.ts'
import { type TemplateHabit, templateHabits } from './template-habits.ts'

interface Format {
  readonly name: string
  /** Which mechanism numbers may mean this format; the proof decides, since 0x210A is RFC 5649 on one module and not on another. */
  mechanisms(profile: VendorProfile): readonly number[]
  readonly cipher: string
  readonly iv: string
}

const rfc3394: Format = {
  name: 'A256KW-RFC3394',
  mechanisms: ({ keyWrap = [] }) => [CKM.aesKeyWrap, ...keyWrap],
  cipher: 'id-aes256-wrap',
  iv: 'a6a6a6a6a6a6a6a6',
}

const rfc5649: Format = {
  name: 'A256KWP-RFC5649',
  mechanisms: ({ keyWrapPad = [] }) => [CKM.aesKeyWrapKwp, CKM.aesKeyWrapPad, ...keyWrapPad],
  cipher: 'id-aes256-wrap-pad',
  iv: 'a65959a6',
}

/** The format in which this process wraps where the token cannot. */
export const WRAPPED_IN_PROCESS = rfc3394.name

/** RFC 3394 or RFC 5649 by node:crypto. */
export const wrapInProcess = (name: string, wrapper: Uint8Array, key: Uint8Array): Uint8Array =>
  runCipher(formatNamed(name), wrapper, key)

/** Throws `Unopenable`, for formats that only a token opens as well. */
export function unwrapInProcess(name: string, wrapper: Uint8Array, wrapped: Uint8Array): Uint8Array {
  const { cipher, iv } = formatNamed(name)
  try {
    const decipher = createDecipheriv(cipher, wrapper, Buffer.from(iv, 'hex'))
    const key = Buffer.concat([decipher.update(wrapped), decipher.final()])
    return Uint8Array.from(key)
  } catch {
    throw new Unopenable()
  }
}

/** The numbers by which a module may know RFC 5649. */
export const rfc5649Mechanisms = (profile: VendorProfile): readonly number[] => rfc5649.mechanisms(profile)

/** RFC 5649 by node:crypto: bytes of any length. Throws `Unopenable`. */
export const unwrapPadded = (wrapper: Uint8Array, wrapped: Uint8Array): Uint8Array =>
  unwrapInProcess(rfc5649.name, wrapper, wrapped)

function formatNamed(name: string): Format {
  const found = [rfc3394, rfc5649].find((format) => format.name === name)
  if (found === undefined) throw new Unopenable()
  return found
}

const strategyOf = (name: string, mechanism: number, habit: TemplateHabit): WrapStrategy => ({
  name,
  mechanisms: [mechanism],
  wrap: (session, wrapper, { key }) => session.wrapKey(mechanism, wrapper.key, key),
  unwrap: (session, wrapper, { wrapped, attributes }) =>
    session.unwrapKey({ mechanism, key: wrapper.key }, wrapped, habit(attributes)),
})

const candidateOf = (format: Format): Candidate<WrapStrategy> => ({
  name: format.name,
  variants: (profile) =>
    format
      .mechanisms(profile)
      .flatMap((mechanism) => templateHabits.map((habit) => strategyOf(format.name, mechanism, habit))),
  proves: (bench, strategy) => provesFormat(bench, { strategy, format }),
})

export const keyWrapRfc3394 = candidateOf(rfc3394)
export const keyWrapRfc5649 = candidateOf(rfc5649)

/** By its length and bytes, since they are the format; and what is altered must not unwrap. */
function provesFormat(bench: Bench, { strategy, format }: { strategy: WrapStrategy; format: Format }): boolean {
  const { session } = bench
  const [wrapperBytes, keyBytes] = [randomBytes(32), randomBytes(32)]
  const context = new Uint8Array()
  return useAndDestroy(session, (own) => {
    const wrapper = own(importAesKey(session, { value: wrapperBytes, uses: ['wrap', 'unwrap'] }))
    const key = own(importAesKey(session, { value: keyBytes, uses: ['encrypt'], extractable: 'extractable' }))
    const wrapped = strategy.wrap(session, { key: wrapper }, { key, context })
    if (!equalBytes(wrapped, runCipher(format, wrapperBytes, keyBytes))) return false
    const unwrapping = { wrapped, context, attributes: readableKey }
    const back = own(strategy.unwrap(session, { key: wrapper }, unwrapping))
    if (!equalBytes(session.readAttribute(back, 'value'), keyBytes)) return false
    return isRefused(bench, (apart) =>
      strategy.unwrap(apart, { key: wrapper }, { ...unwrapping, wrapped: flip(wrapped, 20) }),
    )
  })
}

function runCipher({ cipher: name, iv }: Format, wrapper: Uint8Array, key: Uint8Array): Uint8Array {
  const cipher = createCipheriv(name, wrapper, Buffer.from(iv, 'hex'))
  return Buffer.concat([cipher.update(key), cipher.final()])
}
