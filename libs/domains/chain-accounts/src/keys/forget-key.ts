import type { Chains } from '@strongroom/chains'
import { equalBytes } from '@strongroom/crypto'
import { implement, reply } from '@strongroom/http'
import { genuineAddresses } from '../accounts/addresses.ts'
import { findAddresses } from '../accounts/addresses-store.ts'
import { takeOf } from '../accounts/caller.ts'
import { findKey, markRevoked } from '../accounts/keys-store.ts'
import type { Sessions } from '../accounts/sessions.ts'
import { keyBytes } from '../public-key.ts'
import { forbidden, invalidRequest, notFound } from '../refusals.ts'
import { forgetKey } from './contract.ts'
import { type KeyDeps, ownerBy } from './devices.ts'
import { isOnItsWay } from './on-its-way.ts'

export interface ForgetDeps extends KeyDeps {
  readonly chains: Chains
  readonly sessions: Sessions
}

/** Only the chain takes a key's power; this follows it, so that a key which still signs there is not lost from sight. */
export const forget = implement<ForgetDeps>()(forgetKey, async ({ proof, params }, deps) => {
  const { database, requests, sessions } = deps
  const limited = await takeOf(requests, proof)
  if (limited) return limited
  const publicKey = keyBytes(params.publicKey)
  const key = await findKey(database, { accountId: proof.accountId, publicKey })
  if (!key || key.state === 'revoked') return notFound()
  // Without the key of ours an account goes on by itself; what we wrapped is kept for whoever brings it back.
  if (key.type === 'server-key') return forbidden()
  if (await mayStillSign(deps, ownerBy(proof), publicKey)) return invalidRequest()
  const done = await database.transaction(async (tx) => {
    // Revoked before it is looked whether we sign for it: who signs now waits for this, or is seen.
    if (!(await markRevoked(tx, key.id))) return undefined
    // Else whoever is quick would have the owner's next device revoked here, and weighing there.
    if (await isOnItsWay(tx, key)) return invalidRequest()
    await sessions.end(tx, key.id)
    return undefined
  })
  return done ?? reply(204, undefined)
})

/** Where an account does not stand yet, all its keys are about to count. @throws ChainUnavailable */
export async function mayStillSign(
  { database, hsm, chains }: Pick<ForgetDeps, 'database' | 'hsm' | 'chains'>,
  owner: { id: string; appId: string },
  publicKey: Uint8Array,
): Promise<boolean> {
  const rows = await findAddresses(database, owner.id)
  const genuine = await genuineAddresses(hsm, owner, rows)
  // A row that is not as we wrote it says nothing of where the account stands.
  if (genuine.length < rows.length) return true
  for (const { chainName, address, state } of genuine) {
    if (state === 'foreign') continue
    const chain = chains.get(chainName)
    if (state === 'pending' || address === null || !chain) return true
    const standing = await chain.readAccount(address)
    if (!standing || standing.signers.some((one) => equalBytes(one.publicKey, publicKey))) return true
  }
  return false
}
