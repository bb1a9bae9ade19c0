import { randomBytes, randomInt } from 'node:crypto'
import type { TestApp } from '@strongroom/test-world'
import { expect } from 'vitest'

/** An address that nobody else in this run has. */
export const newEmail = (): string => `person-${randomBytes(6).toString('hex')}@example.com`
export const newPhone = (): string => `+49151${String(randomInt(10_000_000, 99_999_999))}`

/** A share as `shamir-secret-sharing` cuts one: 32 bytes and its x, in hex. */
export const newShare = (): string => randomBytes(33).toString('hex')

/** Waits for `count` messages to an address; oldest first. */
export async function messagesTo(app: TestApp, address: string, count: number) {
  await expect.poll(async () => (await app.messagesTo(address)).length).toBeGreaterThanOrEqual(count)
  return app.messagesTo(address)
}

/** The newest code that an address was sent. */
export async function codeTo(app: TestApp, address: string): Promise<string> {
  const codes = (await app.messagesTo(address)).flatMap(({ text }) => /code is: (\d{6})/.exec(text)?.[1] ?? [])
  return codes.at(-1) ?? ''
}

export const subjectsTo = async (app: TestApp, address: string): Promise<string[]> =>
  (await app.messagesTo(address)).map(({ subject }) => subject)
