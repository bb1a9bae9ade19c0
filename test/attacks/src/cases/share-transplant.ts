import type { Answered, Person } from '@strongroom/sss-lca/testing'
import { contactQuery, type LcaPlace, mailedCode, must, newShare, settle } from '../attacker/lca-people.ts'
import { newCaller } from '../attacker/callers.ts'
import { newAddress } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'

/** Somebody with all that can be moved: two shares, a passkey's share, a recovery address, one that waits for its code. */
export interface Settled {
  person: Person
  contact: { readonly email: string }
  /** Texts that nobody else may be shown or sent. */
  secrets: string[]
  credentialId: string
  recoveryEmail: string
}

export async function settleWhole(place: LcaPlace, randomness: Randomness): Promise<Settled> {
  const contact = { email: newAddress(randomness) }
  const shares = [newShare(randomness), newShare(randomness)] as const
  const person = await settle(place, contact, shares[0])
  await must(person.put(shares[1]))
  const [credentialId, encryptedShare] = [randomness.token(20), randomness.token(40)]
  await must(person.addMethod({ type: 'passkey', credentialId, encryptedShare, shareVersion: 2 }))
  const backup = randomness.token(40)
  await must(person.addMethod({ type: 'backup', credentialId, encryptedShare: backup, shareVersion: 2 }))
  const recoveryEmail = newAddress(randomness)
  const code = await mailedCode(place, recoveryEmail, () => person.addEmail(recoveryEmail))
  await must(person.verifyEmail(code))
  return { person, contact, secrets: [...shares, encryptedShare, backup], credentialId, recoveryEmail }
}

export interface ShareTransplant {
  place: LcaPlace
  people: readonly [Settled, Settled]
  /** What is moved, and how; each is moved back by the same call. Throws if the database forbids it. */
  moves: Readonly<Record<string, () => Promise<void>>>
  /** With logins, or as the documents have it: with a contact and a credential, a few times a day. */
  by: 'login' | 'contact'
}

export interface ShareVerdict {
  /** Moves by which somebody was answered, or mailed, what is another's. */
  foreign: string[]
  forbidden: string[]
  asked: number
  /** Answered 200 while something was moved: other than nothing was put to the test. */
  served: number
  /** Who are shown their own when all is back in place: 2. */
  intact: number
}

/** Case 7: rows and columns of two people exchanged, then everything asked that shows or mails what was kept. */
export async function transplantShares({ place, people, moves, by }: ShareTransplant): Promise<ShareVerdict> {
  const verdict: ShareVerdict = { foreign: [], forbidden: [], asked: 0, served: 0, intact: 0 }
  for (const [name, move] of Object.entries(moves)) {
    try {
      await move()
    } catch {
      verdict.forbidden.push(name)
      continue
    }
    for (const [mine, theirs] of [people, [people[1], people[0]]] as const) {
      const answers = by === 'login' ? await askByLogin(mine) : await askByContact(mine, theirs)
      verdict.asked += answers.length
      verdict.served += answers.filter(({ status, text }) => status === 200 && text !== 'null').length
      const shown = answers.map(({ text }) => text).join('\n')
      if (theirs.secrets.some((secret) => shown.includes(secret))) verdict.foreign.push(name)
      if (by === 'login' && (await mailsTheirs(place, mine, theirs))) verdict.foreign.push(`${name}: mailed`)
    }
    await move()
  }
  for (const { person, secrets } of people) {
    if ((await person.get()).text.includes(secrets[1] ?? '-')) verdict.intact++
  }
  return verdict
}

/** Everything that a login is shown of its record. */
export async function askByLogin({ person, credentialId }: Settled): Promise<Answered[]> {
  return [
    await person.get(),
    await person.get({ shareVersion: 1 }),
    await person.get({ shareVersion: 2 }),
    await person.readMethod({ type: 'passkey' }),
    await person.readMethod({ type: 'passkey', credentialId }),
    await person.readMethod({ type: 'backup' }),
    await person.readEmail(),
  ]
}

/** The thief's own credential at the other's contact, and at his own. The other's at the other's is the documents' way. */
async function askByContact({ person, contact: own, credentialId }: Settled, theirs: Settled): Promise<Answered[]> {
  const answers: Answered[] = []
  for (const contact of [own, theirs.contact]) {
    for (const type of ['passkey', 'backup']) {
      const query = new URLSearchParams({ ...contactQuery(contact), type, credentialId })
      const headers = { 'x-forwarded-for': newCaller() }
      answers.push(await person.ask({ method: 'GET', path: `/keys/recovery?${query.toString()}`, headers }))
    }
  }
  return answers
}

/** A backup that its owner sends to the recovery address must not come to another's. */
async function mailsTheirs({ textsTo }: LcaPlace, mine: Settled, theirs: Settled): Promise<boolean> {
  const emailShare = `0002${mine.secrets[1] ?? ''}`
  await mine.person.backUp({ emailShare, useRecoveryEmail: true })
  const mails = await textsTo(theirs.recoveryEmail)
  return mails.some((text) => text.includes(emailShare))
}
