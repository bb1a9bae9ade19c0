import { encodeTuple, equalBytes } from '@strongroom/crypto'
import { type Keystore, Unopenable } from '@strongroom/hsm'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { Ledger, LedgerSigner } from '../ledger/ledger.ts'
import { stampOf } from '../wallets/names.ts'
import { findIdentity, type Identity } from './store.ts'

/** A wallet that is given an account once its address is verified: who types an address does not get what is others'. */
export interface WaitingAdoption {
  readonly walletId: string
  readonly identityId: string
  readonly signers: readonly LedgerSigner[]
}

const Signer = z.object({
  key: z.string(),
  weight: z.int(),
  role: z.int(),
  identity: z.int(),
  details: z.string(),
})
const adoptionRow = z.object({
  walletId: z.uuid(),
  identityId: z.uuid(),
  signers: z.array(Signer),
  stamp: column.bytes,
})

function stampAdoption(hsm: Keystore, { walletId, identityId, signers }: WaitingAdoption): Promise<Uint8Array> {
  const said = signers.map(({ key, weight, role, identity, details }) =>
    encodeTuple(key, weight, role, identity, details),
  )
  return stampOf(hsm, 'adoption', walletId, identityId, ...said)
}

interface AdoptionDeps {
  readonly database: Database
  readonly hsm: Keystore
}

/** What was made for that address, and is nobody's. */
export async function findUnregistered(deps: AdoptionDeps, contact: Uint8Array): Promise<Identity | undefined> {
  const found = await findIdentity(deps, { kind: 'email', name: contact })
  return found?.status === 'unregistered' ? found : undefined
}

/** @throws Unopenable where the row was written past us: its signers would get an account. */
export async function findAdoption(
  { database, hsm }: AdoptionDeps,
  walletId: string,
): Promise<WaitingAdoption | undefined> {
  const found = await database.maybe(
    adoptionRow,
    sql`select wallet_id as "walletId", identity_id as "identityId", signers, stamp from identity.adoptions
         where wallet_id = ${walletId}`,
  )
  if (!found) return undefined
  if (!equalBytes(found.stamp, await stampAdoption(hsm, found))) throw new Unopenable()
  return found
}

/** Answers what writes it down; that answers false where another wallet waits. */
export async function prepareAdoption(
  hsm: Keystore,
  adoption: WaitingAdoption,
): Promise<(tx: Statements) => Promise<boolean>> {
  const { walletId, identityId, signers } = adoption
  const stamp = await stampAdoption(hsm, adoption)
  return async (tx) =>
    (await tx.run(sql`
      insert into identity.adoptions (wallet_id, identity_id, signers, stamp)
      values (${walletId}, ${identityId}, ${JSON.stringify(signers)}::jsonb, ${stamp})
      on conflict do nothing`)) === 1
}

export const dropAdoption = (tx: Statements, walletId: string): Promise<number> =>
  tx.run(sql`delete from identity.adoptions where wallet_id = ${walletId}`)

/**
 * Has the ledger give a wallet, whose address is verified, the account that waits for it, if one does. Bears repeating.
 * `lost`: the account is somebody else's.
 */
export async function adoptAccount(
  { ledger, ...deps }: AdoptionDeps & { readonly ledger: Ledger },
  { id, accountId: account }: { readonly id: string; readonly accountId: string },
): Promise<'adopted' | 'none' | 'lost'> {
  const adoption = await findAdoption(deps, id)
  if (!adoption) return 'none'
  const outcome = await ledger.adoptAccount({ account, signers: adoption.signers, others: 'go' })
  return outcome === 'adopted' ? 'adopted' : 'lost'
}
