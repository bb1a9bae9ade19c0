import { implement, Refusal, reply } from '@strongroom/http'
import { sql, type Statements } from '@strongroom/storage'
import { armLock, cancelLocks } from '@strongroom/time-locks'
import { z } from 'zod'
import { isLimited } from '../accounts/announce.ts'
import { see } from '../accounts/caller.ts'
import { anotherLogin, contactMismatch, keyNotFound, tooManyRequests } from '../accounts/contract.ts'
import { contactOf, isSameContact } from '../accounts/names.ts'
import { findAccount } from '../accounts/store.ts'
import { alreadyOwned, cancelStartOver, nothingToCancel, startOver } from './contract.ts'
import type { HoldDeps } from './restore.ts'

const ARMED_PER_DAY = 5

export const start = implement<HoldDeps>()(startOver, async ({ proof: { login, did }, body }, deps) => {
  const { database, hsm, policies } = deps
  const { contactMethod } = body
  if (contactMethod && !isSameContact(contactOf(login), contactMethod)) return contactMismatch()
  const account = await findAccount(database.reading, await see(hsm, login))
  if (!account) return keyNotFound()
  if (!account.bound) return anotherLogin()
  if (account.primaryDid === did.did) return alreadyOwned()
  const lock = await database.transaction(async (tx) => {
    // Any number of DIDs can be made, and each would have us send the owner a message.
    if (await isLimited(tx, account, { events: ['start-over-armed'], most: ARMED_PER_DAY })) return tooManyRequests()
    return armLock(tx, policies.startOver, { subject: account.id, holder: did.did })
  })
  return lock instanceof Refusal ? lock : reply(200, { success: true, opensAt: lock.opensAt.toISOString() })
})

export const cancelStart = implement<HoldDeps>()(cancelStartOver, ({ proof: { did } }, { database, policies }) =>
  database.transaction(async (tx) => {
    let cancelled = 0
    for (const { id } of await findByDid(tx, did)) cancelled += await cancelLocks(tx, policies.startOver, id)
    return cancelled > 0 ? reply(200, { success: true }) : nothingToCancel()
  }),
)

const findByDid = (tx: Statements, did: string) =>
  tx.many(z.object({ id: z.uuid() }), sql`select id from secret_shares.accounts where primary_did = ${did}`)
