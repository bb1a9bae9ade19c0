import { implement, Refusal, reply } from '@strongroom/http'
import { sql, type Statements } from '@strongroom/storage'
import { armLock, cancelLocks, drawLock, findLock } from '@strongroom/time-locks'
import { z } from 'zod'
import { announce, isLimited } from '../accounts/announce.ts'
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
  const contact = contactOf(login, contactMethod)
  if (contactMethod && !isSameContact(contact, contactMethod)) return contactMismatch()
  const account = await findAccount(database.reading, await see(hsm, login, contact))
  if (!account) return keyNotFound()
  if (!account.bound) return anotherLogin()
  if (account.primaryDid === did.did) return alreadyOwned()
  const held = { subject: account.id, holder: did.did }
  const drawn = await drawLock({ database, hsm }, policies.startOver, held)
  const lock = await database.transaction(async (tx) => {
    const isFull = await isLimited(tx, account, { events: ['start-over-armed'], most: ARMED_PER_DAY })
    const known = await findLock(tx, policies.startOver, held)
    if (known) return known
    // Any number of DIDs can be made, and each would have us send the owner a message: told here, so that it is counted.
    if (isFull) return tooManyRequests()
    await announce(tx, account, 'start-over-armed')
    return armLock(tx, policies.startOver, drawn)
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
