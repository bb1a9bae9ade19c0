import type { AccountChange, Chain } from '@strongroom/chains'
import { equalBytes } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { Refusal } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { isGenuineAddress } from '../accounts/addresses.ts'
import { type AddressRow, findAddresses } from '../accounts/addresses-store.ts'
import type { KeyRow } from '../accounts/key-row.ts'
import type { Owner } from '../accounts/names.ts'
import { schemeOf } from '../accounts/signers.ts'
import type { Policies } from '../policies.ts'
import { pleaseDeploy } from '../refusals.ts'

export interface StandingDeps {
  readonly database: { readonly reading: Statements }
  readonly hsm: Keystore
}

/** An account where it stands. */
export interface Standing {
  readonly chain: Chain
  readonly address: string
  readonly row: AddressRow
}

/** Where the account stands on that chain: seen there with our code and signers, and written by us. */
export async function standingOn(
  { database, hsm }: StandingDeps,
  owner: Owner,
  chain: Chain,
): Promise<Standing | Refusal<'please-deploy'>> {
  const rows = await findAddresses(database.reading, owner.id)
  const row = rows.find(({ chainName }) => chainName === chain.name)
  if (row?.state !== 'active' || row.address === null) return pleaseDeploy()
  if (!(await isGenuineAddress(hsm, owner, row))) return pleaseDeploy()
  return { chain, address: row.address, row }
}

/** The change by which a key becomes a signer, weighing what each of ours does. */
export const additionOf = (key: Pick<KeyRow, 'publicKey' | 'kind'>, { weight }: Policies): AccountChange => ({
  kind: 'add-signer',
  signer: { publicKey: key.publicKey, scheme: schemeOf(key), weight },
})

/** Whether the key counts on the account now, as the chain has it. */
export async function isSignerOf(
  { chain, address }: Standing,
  key: Pick<KeyRow, 'publicKey' | 'kind'>,
  { weight }: Policies,
): Promise<boolean> {
  const account = await chain.readAccount(address)
  return (
    account?.isGenuine === true &&
    account.signers.some(
      (one) => equalBytes(one.publicKey, key.publicKey) && one.scheme === schemeOf(key) && one.weight === weight,
    )
  )
}
