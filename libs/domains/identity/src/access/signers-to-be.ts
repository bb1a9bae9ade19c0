import { encodeTuple, equalBytes, fromHex, toHex } from '@strongroom/crypto'
import { type Keystore, Unopenable } from '@strongroom/hsm'
import { z } from 'zod'
import type { LedgerSigner } from '../ledger/ledger.ts'
import { type Place, stampOf } from '../wallets/names.ts'

const SignersToBe = z.object({
  list: z.array(z.object({ key: z.string(), weight: z.int(), role: z.int(), identity: z.int(), details: z.string() })),
  stamp: z.string().regex(/^[0-9a-f]{64}$/),
})

type Owner = Pick<Place, 'id' | 'accountId'>

function stampSigners(hsm: Keystore, { id, accountId }: Owner, signers: readonly LedgerSigner[]): Promise<Uint8Array> {
  const said = signers.map(({ key, weight, role, identity, details }) =>
    encodeTuple(key, weight, role, identity, details),
  )
  return stampOf(hsm, 'signers-to-be', id, accountId, ...said)
}

/** JSON, for a wallet's row: whoever finds it after a crash has the ledger make the account with them. */
export const writeSigners = async (hsm: Keystore, owner: Owner, signers: readonly LedgerSigner[]): Promise<string> =>
  JSON.stringify({ list: signers, stamp: toHex(await stampSigners(hsm, owner, signers)) })

/** @throws Unopenable for others than were written: an account would be somebody else's from the beginning. */
export async function readSigners(hsm: Keystore, owner: Owner, written: unknown): Promise<readonly LedgerSigner[]> {
  const read = SignersToBe.safeParse(written)
  if (!read.success) throw new Unopenable()
  const { list, stamp } = read.data
  if (!equalBytes(fromHex(stamp), await stampSigners(hsm, owner, list))) throw new Unopenable()
  return list
}
