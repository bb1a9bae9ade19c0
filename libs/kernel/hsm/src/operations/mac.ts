import { HsmRefusal } from '../errors.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { OperationContext } from './operation.ts'

/** The MAC key of locked keys. `mac` refuses it: who could MAC under it could make verifiers at will. */
export const LOCK_USE = 'lock'

export interface MacRequest {
  readonly use: string
  readonly message: Uint8Array
}

export function mac(context: OperationContext, { use, message }: MacRequest): Uint8Array {
  if (use === LOCK_USE) throw new HsmRefusal('key-undeclared', `the use "${LOCK_USE}" serves locked keys alone`)
  return macUnder(context, { use, message })
}

/** HMAC-SHA-512, RFC 2104: 64 bytes. */
export function macUnder({ session, keys }: OperationContext, { use, message }: MacRequest): Uint8Array {
  return session.sign(CKM.sha512Hmac, keys.current('mac', use).working, message)
}
