import { expect } from 'vitest'
import type { TestApp } from '@strongroom/test-world'
import type { KeyServerClient } from './client.ts'

let people = 0

/** An address that nobody else in this run has. */
export const newEmail = (): string => `person-${String(process.pid)}-${String(people++)}@example.com`
export const newPhone = (): string =>
  `+49151${String(process.pid).padStart(7, '0').slice(-7)}${String(people++ % 100).padStart(2, '0')}`

/** Waits for the `count`-th message to an address. */
export async function messageTo(app: TestApp, address: string, count: number) {
  await expect
    .poll(async () => (await app.messagesTo(address)).length, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(count)
  const message = (await app.messagesTo(address))[count - 1]
  if (!message) throw new Error('a message that was counted is gone')
  return message
}

/** The codes that an address was sent, oldest first. */
export const codesTo = async (app: TestApp, address: string): Promise<string[]> =>
  (await app.messagesTo(address)).flatMap(({ text }) => /code is: (\d{6})/.exec(text)?.[1] ?? [])

/** Waits until an address has `count` codes, and answers the newest. */
export async function codeTo(app: TestApp, address: string, count: number): Promise<string> {
  await expect.poll(async () => (await codesTo(app, address)).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(count)
  return (await codesTo(app, address))[count - 1] ?? ''
}

/** The codes so far, plus one that is asked for now. */
export async function freshCode(
  app: TestApp,
  client: KeyServerClient,
  { keyId, address }: { keyId: string; address: string },
) {
  const before = (await codesTo(app, address)).length
  const asked = await client.askReset(keyId, address)
  if (asked.status !== 200) throw new Error(`asking for a code answered ${String(asked.status)}: ${asked.text}`)
  return codeTo(app, address, before + 1)
}

/** Adds a user to a key and verifies it. */
export async function addVerified(
  app: TestApp,
  client: KeyServerClient,
  who: { keyId: string; pin: string; address: string },
) {
  const { keyId, pin, address } = who
  const before = (await codesTo(app, address)).length
  const added = await client.addUser(keyId, pin, address)
  if (added.status !== 201) throw new Error(`adding a user answered ${String(added.status)}: ${added.text}`)
  const verified = await client.verify(keyId, address, { code: await codeTo(app, address, before + 1), op: 'verify' })
  if (verified.status !== 200) throw new Error(`verifying a user answered ${String(verified.status)}: ${verified.text}`)
}
