import { createHash, verify } from 'node:crypto'
import { CKM } from '../pkcs11/cryptoki.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import { toPublicKey } from '../keys/public-point.ts'
import type { OperationContext } from './operation.ts'

export interface SignRequest {
  readonly use: string
  readonly message: Uint8Array
}

/** The signature is verified before it leaves: a faulty ECDSA signature can give the private key away. */
export function sign({ session, keys }: OperationContext, { use, message }: SignRequest): Uint8Array {
  const { working, publicHalf = new Uint8Array() } = keys.current('sign', use)
  const signature = session.sign(CKM.ecdsa, working, createHash('sha256').update(message).digest())
  const key = { key: toPublicKey(publicHalf), dsaEncoding: 'ieee-p1363' } as const
  if (!verify('sha256', message, key, signature)) throw new DeviceError('a signature that does not verify', 0, 'C_Sign')
  return signature
}

export function publicKey({ keys }: OperationContext, { use }: { use: string }): Uint8Array {
  return Uint8Array.from(keys.current('sign', use).publicHalf ?? [])
}
