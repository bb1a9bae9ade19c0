import type { Login } from '@strongroom/proofs'
import { contactOf } from './names.ts'
import { findAccount } from './store.ts'
import { type CallerDeps, see } from './caller.ts'

/** The record that a login is bound to, for what stands beside this domain: its id and its DID. */
export async function findDid(
  { database, hsm }: CallerDeps,
  login: Login,
): Promise<{ id: string; did: string } | undefined> {
  const account = await findAccount(database.reading, await see(hsm, login, contactOf(login)))
  return account?.bound ? { id: account.id, did: account.primaryDid } : undefined
}
