import { clientOf } from '@strongroom/key-server/testing'
import { findLeaks, type Leak } from '../attacker/canaries.ts'
import { becomeUser, fetchResetCode, joinKey, type Place, codesTo } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { waitUntil } from '../attacker/wait-until.ts'

export interface PeopleInOutput {
  place: Place
  /** Where nothing of it may be: dump, log, metrics, documents. Read when all is over. */
  outputs: Record<string, () => Promise<string>>
  /** Makes an open lock of an armed one. */
  passMonth: () => Promise<void>
  randomness: Randomness
  /** Whether the server tells people, with links in what it says. */
  tellsPeople: boolean
}

export interface PeopleVerdict {
  canaries: string[]
  /** Characters searched, for each place: an empty place proves nothing. */
  searched: Record<string, number>
  leaks: Leak[]
}

const [pin, newPin] = ['4829-and-more', '8642-and-more']

/** Cases 5 and 21: addresses, numbers, codes and links of a whole story of resets, looked for wherever they may not be. */
export async function tellStory(attack: PeopleInOutput): Promise<PeopleVerdict> {
  const { place, outputs, passMonth, randomness, tellsPeople } = attack
  const client = clientOf(place.baseUrl)
  const mail = `${randomness.token(24)}@${randomness.token(24)}.example`
  const phone = `+8821${String(1_000_000_000 + randomness.integer(999_999_999))}`
  const owner = await becomeUser(place, pin, mail)
  const { keyId } = owner
  const other = { ...owner, userId: phone }
  await joinKey(place, other)
  const answers: string[] = []
  const prove = async (code: string, op: string) => {
    const { text, headers } = await client.verify(keyId, mail, { code, op, newPin })
    answers.push(text, JSON.stringify([...headers]))
  }
  const armed = await fetchResetCode(place, owner)
  await prove(armed, 'verify')
  await prove(armed, 'reset-pin')
  if (tellsPeople) await waitUntil('a link', async () => (await linksTo(place, phone)).length > 0)
  await passMonth()
  await prove(await fetchResetCode(place, owner), 'reset-pin')
  // Left unused: a live code is worth most.
  await fetchResetCode(place, other)
  for (const link of await linksTo(place, phone)) {
    for (const method of ['GET', 'POST']) {
      const { text } = await client.ask({ method, path: `/v2/cancel/${link}` })
      answers.push(text)
    }
  }

  const long = { 'e-mail address': mail, 'phone number': phone.slice(1), PIN: pin, 'new PIN': newPin }
  const codes = [...(await codesTo(place, mail)), ...(await codesTo(place, phone))]
  const links = [...(await linksTo(place, mail)), ...(await linksTo(place, phone))]
  const canaries = [
    ...Object.entries(long).map(([name, secret]) => ({ name, secret: Buffer.from(secret) })),
    ...links.map((link) => ({ name: 'cancel link', secret: Buffer.from(link) })),
  ]
  const places: Record<string, string> = { answers: answers.join('\n') }
  for (const [name, read] of Object.entries(outputs)) places[name] = await read()
  return {
    canaries: [...canaries.map(({ name }) => name), ...codes.map(() => 'code')],
    searched: Object.fromEntries(Object.entries(places).map(([name, text]) => [name, text.length])),
    leaks: Object.entries(places).flatMap(([name, text]) => [
      ...findLeaks(canaries, name, text),
      ...codes
        .filter((code) => standsAlone(code, text))
        .map(() => ({ canary: 'code', place: name, encoding: 'clear' })),
    ]),
  }
}

const linksTo = async ({ textsTo }: Place, address: string): Promise<string[]> =>
  (await textsTo(address)).flatMap((text) => /\/v2\/cancel\/([\w-]{43})/.exec(text)?.[1] ?? [])

/** Six digits turn up by chance inside times, numbers and ids. */
export const standsAlone = (code: string, text: string): boolean =>
  new RegExp(`(?<![\\w.:+-])${code}(?![\\w.:-])`).test(text)
