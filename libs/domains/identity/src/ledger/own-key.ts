import type { KeyNeed, Keystore } from '@strongroom/hsm'
import { writeStrkey } from '@strongroom/proofs'
import type { TransactionSigner } from './cosign.ts'

const LEDGER_USE = 'ledger'

/** A token that knows no Ed25519 serves the embedded ledger all the same, which needs no such key. */
export const ledgerKeyNeed: KeyNeed = { job: 'sign-ed25519', use: LEDGER_USE, demand: 'where-able' }

/** The service's own key on a ledger elsewhere: made in the token, and never out of it. @throws HsmRefusal where the token knows no Ed25519. */
export async function ownLedgerKey(
  hsm: Pick<Keystore, 'ed25519PublicKey' | 'signEd25519'>,
): Promise<TransactionSigner> {
  const publicKey = await hsm.ed25519PublicKey(LEDGER_USE)
  return {
    keyId: writeStrkey('account', publicKey),
    sign: (hash) => hsm.signEd25519(LEDGER_USE, hash),
  }
}
