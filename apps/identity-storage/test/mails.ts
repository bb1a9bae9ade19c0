import { readVerificationLink } from '@strongroom/identity-client'
import type { TestApp } from '@strongroom/test-world'
import { vi } from 'vitest'
import { type Answered, textOf, type World } from './client.ts'

/** Waits for `count` messages to an address; oldest first. */
export async function messagesTo(app: TestApp, address: string, count: number) {
  return enough(count, () => app.messagesTo(address))
}

/** Waits for as many; in a hook too, where `expect.poll` may not. */
const enough = <Thing>(count: number, read: () => Promise<Thing[]>): Promise<Thing[]> =>
  vi.waitFor(
    async () => {
      const found = await read()
      if (found.length < count) throw new Error(`${String(found.length)} of ${String(count)} have come`)
      return found
    },
    { timeout: 30_000, interval: 50 },
  )

export const subjectsTo = async (app: TestApp, address: string): Promise<string[]> =>
  (await app.messagesTo(address)).map(({ subject }) => subject)

export interface Link {
  readonly url: string
  readonly walletId: string
  readonly token: string
}

/** The links that an address was mailed, `count` at least; oldest first. */
export async function linksTo(app: TestApp, address: string, count = 1): Promise<Link[]> {
  const read = async () => (await app.messagesTo(address)).flatMap(({ text }) => linkIn(text) ?? [])
  return enough(count, read)
}

function linkIn(text: string): Link | undefined {
  const url = /https?:\S+/.exec(text)?.[0] ?? ''
  const read = readVerificationLink(url)
  return read && { url, walletId: textOf(read.walletId), token: textOf(read.token) }
}

/** Follows the newest link that an address was mailed. */
export async function follow({ app, ask }: Pick<World, 'app' | 'ask'>, address: string): Promise<Answered> {
  const link = (await linksTo(app, address)).at(-1)
  if (!link) throw new Error('no link was mailed')
  return ask(following(link))
}

export const following = ({ walletId, token }: Pick<Link, 'walletId' | 'token'>) => ({
  method: 'PUT',
  path: `/wallets/${walletId}/verification`,
  body: { data: { type: 'wallet_verification', attributes: { token } } },
})

/** The codes that an address was mailed, `count` at least; oldest first. */
export async function codesTo(app: TestApp, address: string, count = 1): Promise<string[]> {
  const read = async () =>
    (await app.messagesTo(address)).flatMap(({ text }) => /code is: (\d{6})/.exec(text)?.[1] ?? [])
  return enough(count, read)
}
