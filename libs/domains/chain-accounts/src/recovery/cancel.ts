import { implement, Refusal, reply } from '@strongroom/http'
import { contestSubject, endLock } from '@strongroom/time-locks'
import { findKeyById, markRevoked } from '../accounts/keys-store.ts'
import type { Sessions } from '../accounts/sessions.ts'
import { invalidRequest, notFound } from '../refusals.ts'
import { contestOf, holdPolicy } from '../sign/holds.ts'
import { readSigner, type SignDeps } from '../sign/signer.ts'
import { cancelRecovery, listRecoveries } from './contract.ts'
import { cameToNothing } from './ready.ts'
import { voidSigned } from './signed-store.ts'
import { findRecoveries, findRecovery, markCancelled } from './store.ts'
import { recoveryView } from './view.ts'

export interface CancelDeps extends SignDeps {
  readonly sessions: Sessions
}

export const list = implement<SignDeps>()(listRecoveries, async ({ proof }, deps) => {
  const signer = await readSigner(deps, proof)
  if (signer instanceof Refusal) return signer.kind === 'too-many-requests' ? signer : reply(200, { recoveries: [] })
  const rows = await findRecoveries(deps.database.reading, signer.account.id)
  return reply(200, { recoveries: rows.map(recoveryView) })
})

/**
 * From any device: the window closes, what waits does not happen, and the key that waited never comes back. What is under way
 * may happen all the same; it is not signed anew.
 */
export const cancel = implement<CancelDeps>()(cancelRecovery, async ({ proof, params }, deps) => {
  const { database, policies, sessions } = deps
  const signer = await readSigner(deps, proof, 'stop')
  if (signer instanceof Refusal) return signer
  const { account, by } = signer
  const row = await findRecovery(database.reading, { id: params.id, accountId: account.id })
  if (!row) return notFound()
  if (row.state === 'cancelled') return reply(204, undefined)
  const isUnderWay = row.state === 'done' && !(await cameToNothing(deps, row))
  const { id, times, accountId, lockId, newKey, recoveryKey: askedBy } = row
  const waiting = newKey === null ? undefined : await findKeyById(database.reading, newKey)
  const done = await database.transaction(async (tx) => {
    if (lockId !== null) await endLock(tx, holdPolicy(policies), { lockId, as: 'cancelled' })
    const said = { id, by: by.id, times }
    if (!(await (isUnderWay ? voidSigned(tx, said) : markCancelled(tx, said)))) return invalidRequest()
    if (askedBy !== null) await contestSubject(tx, holdPolicy(policies), contestOf({ accountId, askedBy }))
    if (!isUnderWay && waiting?.state === 'pending' && (await markRevoked(tx, waiting.id)))
      await sessions.end(tx, waiting.id)
    return undefined
  })
  return done ?? reply(204, undefined)
})
