import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readStrkey, writeStrkey } from '@strongroom/proofs'
import type { TransactionSigner } from '../src/ledger/cosign.ts'

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signs with the Ed25519 seed of 32 bytes. */
export function signerOf(seed: Uint8Array): TransactionSigner {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return { keyId: writeStrkey('account', spki.subarray(-32)), sign: (hash) => sign(null, hash, key) }
}

export function signerOfStrkey(seed: string): TransactionSigner {
  const bytes = readStrkey('seed', seed)
  if (!bytes) throw new Error('no seed')
  return signerOf(bytes)
}

/** The same key for the same name, in every test. */
export const signerNamed = (name: string): TransactionSigner => signerOf(createHash('sha256').update(name).digest())
