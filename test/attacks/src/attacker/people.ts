import { clientOf, type KeyServerClient } from '@strongroom/key-server/testing'
import type { Randomness } from './randomness.ts'
import { waitUntil } from './wait-until.ts'

/** A server, and all that reaches people from it. */
export interface Place {
  baseUrl: string
  /** What an address or number was sent, oldest first. */
  textsTo: (address: string) => string[] | Promise<string[]>
}

export interface Person {
  keyId: string
  pin: string
  userId: string
}

export const newAddress = (randomness: Randomness): string => `${randomness.token(16)}@example.com`

export const codesTo = async ({ textsTo }: Place, address: string): Promise<string[]> =>
  (await textsTo(address)).flatMap((text) => /code is: (\d{6})/.exec(text)?.[1] ?? [])

/** Asks for a code, waits for it, and answers with it. */
export async function fetchCode(
  place: Place,
  address: string,
  ask: (client: KeyServerClient) => Promise<{ status: number; text: string }>,
): Promise<string> {
  const before = (await codesTo(place, address)).length
  const { status, text } = await ask(clientOf(place.baseUrl))
  if (status >= 300) throw new Error(`Asking for a code answered ${String(status)}: ${text}`)
  await waitUntil('a code', async () => (await codesTo(place, address)).length > before)
  return (await codesTo(place, address)).at(-1) ?? ''
}

/** A key with one verified user. */
export async function becomeUser(place: Place, pin: string, userId: string): Promise<Person> {
  const keyId = await clientOf(place.baseUrl).create(pin)
  await joinKey(place, { keyId, pin, userId })
  return { keyId, pin, userId }
}

/** One more verified user of a key. */
export async function joinKey(place: Place, { keyId, pin, userId }: Person): Promise<void> {
  const code = await fetchCode(place, userId, (client) => client.addUser(keyId, pin, userId))
  const { status } = await clientOf(place.baseUrl).verify(keyId, userId, { code, op: 'verify' })
  if (status !== 200) throw new Error(`Verifying a user answered ${String(status)}`)
}

export const fetchResetCode = (place: Place, { keyId, userId }: Person): Promise<string> =>
  fetchCode(place, userId, (client) => client.askReset(keyId, userId))
