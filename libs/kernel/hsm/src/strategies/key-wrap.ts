import { createCipheriv, randomBytes } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import { importAesKey, readableKey, useAndDestroy } from '../keys/session-keys.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { Session } from '../pkcs11/session.ts'
import type { Candidate, WrapStrategy } from './strategy.ts'

interface Format {
  readonly name: string
  /** Which mechanism numbers may mean this format; the proof decides, since 0x210A is RFC 5649 on one module and not on another. */
  readonly mechanisms: readonly number[]
  wrapInProcess(wrapper: Uint8Array, key: Uint8Array): Uint8Array
}

const rfc3394: Format = {
  name: 'A256KW-RFC3394',
  mechanisms: [CKM.aesKeyWrap],
  wrapInProcess: (wrapper, key) => runCipher('id-aes256-wrap', { wrapper, iv: 'a6a6a6a6a6a6a6a6' }, key),
}

const rfc5649: Format = {
  name: 'A256KWP-RFC5649',
  mechanisms: [CKM.aesKeyWrapKwp, CKM.aesKeyWrapPad],
  wrapInProcess: (wrapper, key) => runCipher('id-aes256-wrap-pad', { wrapper, iv: 'a65959a6' }, key),
}

// Luna before firmware 7.9.3 wants the length, SoftHSM refuses it.
const unwrapExtras = [{}, { valueLength: 32 }] as const

const strategyOf = (name: string, mechanism: number, extra: (typeof unwrapExtras)[number]): WrapStrategy => ({
  name,
  mechanisms: [mechanism],
  wrap: (session, wrapper, key) => session.wrapKey(mechanism, wrapper, key),
  unwrap: (session, wrapper, { wrapped, attributes }) =>
    session.unwrapKey({ mechanism, key: wrapper }, wrapped, { ...attributes, ...extra }),
})

const candidateOf = (format: Format): Candidate<WrapStrategy> => ({
  name: format.name,
  variants: format.mechanisms.flatMap((mechanism) =>
    unwrapExtras.map((extra) => strategyOf(format.name, mechanism, extra)),
  ),
  proves: (session, strategy) => provesFormat(session, { strategy, format }),
})

export const keyWrapRfc3394 = candidateOf(rfc3394)
export const keyWrapRfc5649 = candidateOf(rfc5649)

function provesFormat(session: Session, { strategy, format }: { strategy: WrapStrategy; format: Format }): boolean {
  const [wrapperBytes, keyBytes] = [randomBytes(32), randomBytes(32)]
  return useAndDestroy(session, (own) => {
    const wrapper = own(importAesKey(session, { value: wrapperBytes, uses: ['wrap', 'unwrap'] }))
    const key = own(importAesKey(session, { value: keyBytes, uses: ['encrypt'], extractable: 'extractable' }))
    const wrapped = strategy.wrap(session, wrapper, key)
    if (!equalBytes(wrapped, format.wrapInProcess(wrapperBytes, keyBytes))) return false
    const back = own(strategy.unwrap(session, wrapper, { wrapped, attributes: readableKey }))
    return equalBytes(session.readAttribute(back, 'value'), keyBytes)
  })
}

function runCipher(name: string, { wrapper, iv }: { wrapper: Uint8Array; iv: string }, key: Uint8Array): Uint8Array {
  const cipher = createCipheriv(name, wrapper, Buffer.from(iv, 'hex'))
  return Buffer.concat([cipher.update(key), cipher.final()])
}
