import { equalBytes } from '@strongroom/crypto'
import { cosign, type TransactionSigner } from '../ledger/cosign.ts'
import { type Envelope, type EnvelopeFault, isFault } from '../ledger/envelope.ts'

export interface Decided {
  /** As it came. */
  readonly tx: string
  /** As it was read, and decided on. */
  readonly envelope: Pick<Envelope, 'hash'>
  readonly networkPassphrase: string
}

/** Adds the signatures of these keys. @throws Error where the envelope's end leads to another transaction than its beginning. */
export async function cosignDecided(
  { tx, envelope, networkPassphrase }: Decided,
  signers: readonly TransactionSigner[],
): Promise<string | EnvelopeFault> {
  let signed = tx
  for (const signer of signers) {
    const sign = (hash: Uint8Array) => {
      // Found from the other end of the envelope: nothing is signed but what was decided on.
      if (!equalBytes(hash, envelope.hash)) throw new Error('a transaction was read in two ways')
      return signer.sign(hash)
    }
    const next = await cosign(signed, { networkPassphrase, signer: { keyId: signer.keyId, sign } })
    if (isFault(next)) return next
    signed = next
  }
  return signed
}
