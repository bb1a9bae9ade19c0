import { recordEvent } from '@strongroom/audit'
import type { Keystore } from '@strongroom/hsm'
import type { Refusal } from '@strongroom/http'
import type { Login, Presentation } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import { announceRefusal } from './announce.ts'
import { anotherDid, anotherLogin, type callerRefusals, contactMismatch } from './contract.ts'
import { attemptRefused } from './events.ts'
import { type Contact, contactOf, isSameContact, nameContact, nameLogin } from './names.ts'
import { type Account, bindLogin, findAccount, holdContact, type Seen } from './store.ts'

export interface CallerDeps {
  readonly database: Database
  readonly hsm: Keystore
}

/** Who asks: a login, and the record of its contact if there is one and it is the caller's. */
export interface Caller<Known = Account> {
  readonly contact: Contact
  readonly seen: Seen
  readonly account: Known | undefined
}

export type CallerRefusal = ReturnType<(typeof callerRefusals)[number]>

export interface Asking {
  readonly login: Login
  readonly did?: Presentation | undefined
  /** The contact that the request names, which must be one of the login's own. */
  readonly contactMethod?: Contact | undefined
}

/** Names the caller. A record that is another login's, or another DID's, is refused; its owner is told. */
export const nameCaller = (deps: CallerDeps, asking: Asking): Promise<Caller | CallerRefusal> =>
  nameCallerOf(deps, asking, (seen) => findAccount(deps.database.reading, seen))

/** The same, with what else `find` reads of the record. */
export async function nameCallerOf<Known extends Account>(
  deps: CallerDeps,
  { login, did, contactMethod }: Asking,
  find: (seen: Seen) => Promise<Known | undefined>,
): Promise<Caller<Known> | CallerRefusal> {
  const contact = contactOf(login, contactMethod)
  if (contactMethod && !isSameContact(contact, contactMethod)) return contactMismatch()
  const seen = await see(deps.hsm, login, contact)
  const account = await find(seen)
  if (account) {
    const refused = await authorise(deps.database, account, { login, did, seen })
    // As one who comes when the record is gone, or has another contact.
    if (refused === 'gone') return { contact, seen, account: undefined }
    if (refused) return refused
  }
  return { contact, seen, account }
}

export async function see(hsm: Keystore, login: Login, contact: Contact): Promise<Seen> {
  const [lookup, name] = await Promise.all([nameContact(hsm, contact), nameLogin(hsm, login, contact)])
  return { lookup, login: name }
}

async function authorise(
  database: Database,
  account: Account,
  { login, did, seen }: { login: Login; did: Presentation | undefined; seen: Seen },
): Promise<Refusal<'another-login'> | Refusal<'another-did'> | 'gone' | undefined> {
  if (did && did.did !== account.primaryDid) return refuse(database, account, anotherDid())
  if (account.bound) return undefined
  // A presentation that never changes may have been captured; only a signed challenge binds another login.
  if (!did?.challenged) return refuse(database, account, anotherLogin())
  const { id: accountId } = account
  return database.transaction(async (tx) => {
    if (!(await holdContact(tx, account))) return 'gone'
    await bindLogin(tx, { accountId, login: seen.login, provider: login.provider })
    return undefined
  })
}

async function refuse<Kind extends string>(database: Database, account: Account, refusal: Refusal<Kind>) {
  await database.transaction(async (tx) => {
    await recordEvent(tx, attemptRefused, { subject: account.id, detail: { why: refusal.kind } })
    await announceRefusal(tx, account)
  })
  return refusal
}
