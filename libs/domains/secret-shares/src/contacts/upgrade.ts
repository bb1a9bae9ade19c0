import { useCode } from '@strongroom/codes'
import { recordEvent } from '@strongroom/audit'
import { implement, isOutage, Refusal, reply } from '@strongroom/http'
import type { Login } from '@strongroom/proofs'
import { announce, announceRefusal, isLimited } from '../accounts/announce.ts'
import { tooManyRequests } from '../accounts/contract.ts'
import { attemptRefused } from '../accounts/events.ts'
import { holdRecord } from '../accounts/hold.ts'
import { type Contact, foldContact, nameContact, nameLogin, sealValue } from '../accounts/names.ts'
import { type Account, findAccount, holdAccount, isTakenMeanwhile, placeOf } from '../accounts/store.ts'
import { shareConflict } from '../shares/contract.ts'
import {
  emailTaken,
  invalidCode,
  linkFailed,
  noAccountOfPhone,
  providerCannot,
  upgradeContact,
  upgradeForbidden,
} from './contract.ts'
import { finishUpgrade, type Upgrade } from './finish-upgrade.ts'
import type { ContactDeps } from './login-codes.ts'
import { guessLoginCode } from './login-codes.ts'
import { applyMove, isAsRead, isTaken, prepareMove } from './move.ts'
import { insertUpgrade } from './upgrade-store.ts'

/**
 * A right code is used up with the move, and by nothing else: an attempt that is refused for another reason does not
 * burn it. The login provider is asked after the commit; what a crash leaves between, a sweep ends.
 */
export const upgrade = implement<ContactDeps>()(upgradeContact, async ({ proof: { login }, body }, deps) => {
  const { previousPhone, email, oldContactMethod, newContactMethod, code } = body
  const from: Contact = { type: 'phone', value: previousPhone ?? oldContactMethod?.value ?? '' }
  const to: Contact = foldContact({ type: 'email', value: email ?? newContactMethod?.value ?? '' })
  const provider = deps.loginProviders[login.provider]
  if (!provider) return providerCannot()

  const guessed = await guessLoginCode(deps, { email: to.value, code })
  if (guessed.outcome === 'exhausted') return tooManyRequests()
  if (guessed.outcome === 'wrong') return invalidCode()
  const account = await findOwn(deps, from, login)
  if (account instanceof Refusal) return account
  const moved = await move(deps, account, { from, to, login, codeId: guessed.found })
  if (moved instanceof Refusal) return moved

  try {
    const outcome = await finishUpgrade(deps, moved)
    if (outcome === 'taken') return emailTaken()
    if (outcome !== 'linked') return linkFailed()
    return reply(200, { success: true, customToken: await provider.tokenFor(login.subject) })
  } catch (error) {
    if (isOutage(error)) return linkFailed()
    throw error
  }
})

async function findOwn({ database, hsm }: ContactDeps, from: Contact, login: Login) {
  const [lookup, name] = await Promise.all([nameContact(hsm, from), nameLogin(hsm, login, from)])
  const account = await findAccount(database.reading, { lookup, login: name })
  if (!account) return noAccountOfPhone()
  if (account.bound) return account
  await database.transaction(async (tx) => {
    await recordEvent(tx, attemptRefused, { subject: account.id, detail: { why: upgradeForbidden.kind } })
    await announceRefusal(tx, account)
  })
  return upgradeForbidden()
}

type MoveRefusal =
  Refusal<'invalid-code'> | Refusal<'email-taken'> | Refusal<'share-conflict'> | Refusal<'too-many-requests'>

async function move(
  deps: ContactDeps,
  account: Account,
  { from, to, login, codeId }: { from: Contact; to: Contact; login: Login; codeId: string },
): Promise<Upgrade | MoveRefusal> {
  const { database, hsm, policies } = deps
  const moved = await prepareMove(deps, account, { contact: to, login })
  if (!moved) return shareConflict()
  const { provider, issuer, subject } = login
  const facts = { provider, issuer, subject, email: to.value, phone: from.value }
  const sealed = await sealValue(hsm, placeOf(moved.account), { purpose: 'upgrade', value: facts })
  const work = database.transaction(async (tx) => {
    if (await isLimited(tx, account, { events: ['contact-upgraded'], most: policies.movesPerDay })) {
      return tooManyRequests()
    }
    if (!(await holdAccount(tx, account))) return shareConflict()
    if (!(await isAsRead(tx, moved))) return shareConflict()
    if (await isTaken(tx, moved.account)) return emailTaken()
    if (!(await useCode(tx, codeId))) return invalidCode()
    await holdRecord(tx, { accountId: account.id, reason: 'upgraded', seconds: policies.hold })
    await announce(tx, account, 'contact-upgraded')
    await applyMove(tx, moved)
    await insertUpgrade(tx, account.id, sealed)
    return { account: moved.account, facts }
  })
  return work.catch((error: unknown) => {
    if (isTakenMeanwhile(error)) return emailTaken()
    throw error
  })
}
