import type { Chains } from '@strongroom/chains'
import type { Limiter } from '@strongroom/http'
import type { PasskeyRules } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import { type Bucket, takeOf } from '../accounts/caller.ts'
import type { ChainDeps } from '../accounts/chain-of.ts'
import { isGenuineKey, type KeyRow } from '../accounts/key-row.ts'
import { findKeys } from '../accounts/keys-store.ts'
import type { Owner } from '../accounts/names.ts'
import type { Keystore } from '@strongroom/hsm'
import { type AccountRow, findAccount } from '../accounts/store.ts'
import type { Policies } from '../policies.ts'
import { forbidden } from '../refusals.ts'
import type { Caller } from '../tokens/account-token.ts'

export interface SignDeps extends ChainDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly chains: Chains
  readonly policies: Policies
  /** Requests of one account. */
  readonly requests: Limiter
  /** `undefined` where no pages are configured: then no passkey is believed. */
  readonly passkeys: PasskeyRules | undefined
  /** UUID. */
  readonly newId: () => string
}

/** Who wants something signed: an account, its keys as we wrote them, and the person’s key that signed in. */
export interface Signer {
  readonly account: AccountRow
  readonly keys: readonly KeyRow[]
  readonly by: KeyRow
}

export const isUserKey = ({ type, state }: KeyRow): boolean => type === 'user-key' && state === 'active'

/** Every key of the account that is not revoked. @throws Error where one is not as we wrote it. */
export async function genuineKeys(
  { database, hsm }: Pick<SignDeps, 'database' | 'hsm'>,
  owner: Owner,
): Promise<readonly KeyRow[]> {
  const keys = await findKeys(database.reading, owner.id)
  const judged = await Promise.all(keys.map((key) => isGenuineKey(hsm, owner, key)))
  if (judged.includes(false)) throw new Error('a key of an account is not as we wrote it')
  return keys
}

export async function readSigner(deps: SignDeps, caller: Caller, bucket: Bucket = 'usual') {
  const limited = await takeOf(deps.requests, caller, bucket)
  if (limited) return limited
  const account = await findAccount(deps.database.reading, caller.accountId)
  if (!account || account.state === 'closed') return forbidden()
  const keys = await genuineKeys(deps, account)
  const by = keys.find(({ id }) => id === caller.keyId)
  if (!by || !isUserKey(by)) return forbidden()
  const signer: Signer = { account, keys, by }
  return signer
}
