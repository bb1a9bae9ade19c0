import { CKM } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import { aesSessionKey, macSessionKey, useAndDestroy } from '../keys/session-keys.ts'
import type { Bench } from './bench.ts'
import { sealsAndOpens } from './prove-seal.ts'
import { shapeOf } from './shapes.ts'
import type { SealStrategy } from './strategy.ts'

/**
 * A token that takes no key of known value is tried on keys that it generates: the round trip and the refusals are proved,
 * the bytes are compared with nothing.
 */
export function proveOnThrowAway(bench: Bench, strategy: SealStrategy, provesImported: () => boolean): boolean {
  try {
    return provesImported()
  } catch (error) {
    if (!importsNothing(error)) throw error
    return provesGenerated(bench, strategy)
  }
}

export const importsNothing = (error: unknown): boolean => isDeviceError(error) && error.method === 'C_CreateObject'

function provesGenerated(bench: Bench, strategy: SealStrategy): boolean {
  const { session } = bench
  const { companion } = shapeOf(strategy.name)
  return useAndDestroy(session, (own) => {
    const uses = { encrypt: true, decrypt: true, sensitive: true, extractable: false }
    const key = own(session.generateKey(CKM.aesKeyGen, { ...aesSessionKey, ...uses, valueLength: 32 }))
    if (companion === undefined) return sealsAndOpens(bench, strategy, { key }) !== undefined
    const mac = own(session.generateKey(CKM.genericSecretKeyGen, { ...macSessionKey, valueLength: 64 }))
    return sealsAndOpens(bench, strategy, { key, mac }) !== undefined
  })
}
