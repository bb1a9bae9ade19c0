import { type Answered, type Person, personOf, type Whereabouts } from '@strongroom/sss-lca/testing'
import { codesTo, type Place } from './people.ts'
import type { Randomness } from './randomness.ts'
import { waitUntil } from './wait-until.ts'

/** A server of the LCA API, the issuer whose tokens it takes, and all that reaches people from it. */
export interface LcaPlace extends Place, Pick<Whereabouts, 'issuer'> {}

export type LcaContact = { readonly email: string } | { readonly phone: string }

export const addressOf = (contact: LcaContact): string => ('email' in contact ? contact.email : contact.phone)

/** A contact as a query names it. */
export const contactQuery = (contact: LcaContact): Record<string, string> => ({
  contactMethodType: 'email' in contact ? 'email' : 'phone',
  contactMethodValue: addressOf(contact),
})

/** Somebody with a login and a DID; nothing is stored yet. */
export const personAt = (
  { baseUrl, issuer }: LcaPlace,
  options: { seed?: Uint8Array; email?: string; phone?: string },
): Person => personOf({ app: { baseUrls: [baseUrl] }, issuer }, options)

/** The same with a record, whose first share this is. */
export async function settle(place: LcaPlace, contact: LcaContact, share: string): Promise<Person> {
  const person = personAt(place, contact)
  await must(person.put(share))
  return person
}

/** A share as wallets cut one: 33 bytes in hex. */
export const newShare = (randomness: Randomness): string =>
  Array.from({ length: 33 }, () => randomness.integer(256).toString(16).padStart(2, '0')).join('')

export const newPhone = (randomness: Randomness, prefix = '+88213'): string =>
  `${prefix}${String(randomness.integer(10_000_000)).padStart(7, '0')}`

/** What an attack needs to begin with. */
export async function must(asked: Promise<Answered>): Promise<Answered> {
  const answer = await asked
  if (answer.status !== 200) throw new Error(`A step was answered with ${String(answer.status)}: ${answer.text}`)
  return answer
}

/** Has a code sent, waits for it, and answers with it. */
export async function mailedCode(place: LcaPlace, address: string, ask: () => Promise<Answered>): Promise<string> {
  const before = (await codesTo(place, address)).length
  await must(ask())
  await waitUntil('a code', async () => (await codesTo(place, address)).length > before)
  return (await codesTo(place, address)).at(-1) ?? ''
}

export const askLoginCode = (person: Person, email: string) => (): Promise<Answered> =>
  person.ask({ path: '/send-login-verification-code', body: { email } })
