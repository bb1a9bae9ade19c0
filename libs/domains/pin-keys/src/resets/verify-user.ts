import { randomUUID } from 'node:crypto'
import { recordEvent } from '@strongroom/audit'
import { guessCode, useCode } from '@strongroom/codes'
import { Secret } from '@strongroom/crypto'
import { implement, invalidInput } from '@strongroom/http'
import { armLock, drawLock, findLock, type Lock, prolongBlocked } from '@strongroom/time-locks'
import { limitedUntil, success } from '../pins/answers.ts'
import { invalidParams } from '../pins/contract.ts'
import { holdKey } from '../pins/store.ts'
import type { UserDeps } from '../users/create-user.ts'
import { userVerified } from '../users/events.ts'
import { nameUser } from '../users/identify.ts'
import { holdUser, markVerified } from '../users/store.ts'
import { awaitWorker, prepareNewPin } from './complete-by-worker.ts'
import { timeLocked, verifyUser } from './contract.ts'
import { resetConfirmed } from './events.ts'
import { usersWanted } from './rules.ts'
import { confirmReset, requestCompletion } from './store.ts'

/** An open lock that waits for a second user is locked for the first one until it lapses. */
const waitFor = ({ open, opensAt, lapsesAt }: Lock) => (open ? lapsesAt : opensAt)

export const verify = implement<UserDeps>()(verifyUser, async ({ params: { keyId, userId: address }, body }, deps) => {
  const { database, hsm, policies } = deps
  const { codes } = policies
  const { op: purpose, newPin } = body
  const { finders, subject } = await nameUser(deps, keyId, address)
  const guessed = await guessCode({ database, hsm }, codes, { subject, purpose, code: new Secret(body.code) })
  if (guessed.outcome === 'exhausted') {
    // Whoever burns the owner's guesses must not also run out the owner's window.
    await prolongBlocked(database, policies.resets, { subject: keyId, holder: subject, until: guessed.until })
    return limitedUntil(guessed.until)
  }
  if (guessed.outcome === 'wrong') return invalidParams()
  const codeId = guessed.found
  const wanted = newPin && (await prepareNewPin(deps, keyId, newPin))
  const held = { subject: keyId, holder: subject }
  const drawn = await drawLock({ database, hsm }, policies.resets, held)

  const next = await database.transaction(async (tx) => {
    if (!(await holdKey(tx, keyId))) return invalidParams()
    const user = await holdUser(tx, keyId, finders.all)
    // Added, or removed and added, since it was named: then the code was another's.
    if (user?.subject !== subject) return invalidParams()
    if (purpose === 'verify') {
      if (!(await useCode(tx, codeId))) return invalidParams()
      await markVerified(tx, user.id)
      await recordEvent(tx, userVerified, { subject: keyId, detail: { user: user.id, channel: user.channel } })
      return success
    }
    if (!user.verified) return invalidParams()

    const lock = await findLock(tx, policies.resets, held)
    // The one answer that keeps the code: nothing was done with it.
    if (lock?.open && !wanted) return invalidInput({ field: 'body newPin' })
    const users = wanted
      ? await confirmReset(tx, { keyId, userId: user.id, verifier: wanted.verifier, seconds: codes.lifetime })
      : 0
    await recordEvent(tx, resetConfirmed, { subject: keyId, detail: { user: user.id } })
    if (lock?.open && wanted && users >= usersWanted(lock)) {
      const completionId = randomUUID()
      await requestCompletion(tx, completionId, { keyId, lockId: lock.id, codeId, ...wanted })
      return { completionId }
    }

    if (!(await useCode(tx, codeId))) return invalidParams()
    // Not a refusal yet: that would roll back what was armed and used up.
    return { wait: waitFor(lock ?? (await armLock(tx, policies.resets, drawn))) }
  })
  if ('wait' in next) return timeLocked({ delay: next.wait.toISOString() })
  return 'completionId' in next ? awaitWorker(database, next.completionId) : next
})
