import { verify } from 'node:crypto'
import { toEd25519PublicKey } from '../keys/ed25519-key.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import { ed25519 } from '../strategies/eddsa.ts'
import type { OperationContext } from './operation.ts'
import type { SignRequest } from './sign.ts'

/** Verified before it leaves, like any signature: a faulty one of Ed25519 can give the private key away as well. */
export function signEd25519({ session, keys }: OperationContext, { use, message }: SignRequest): Uint8Array {
  const { working, publicHalf = new Uint8Array() } = keys.current('sign-ed25519', use)
  const signature = ed25519.sign(session, working, message)
  if (!verify(null, message, toEd25519PublicKey(publicHalf), signature))
    throw new DeviceError('a signature that does not verify', 0, 'C_Sign')
  return signature
}

export function ed25519PublicKey({ keys }: OperationContext, { use }: { use: string }): Uint8Array {
  return Uint8Array.from(keys.current('sign-ed25519', use).publicHalf ?? [])
}
