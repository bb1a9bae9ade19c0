import { ask, type Answer, type Asked } from './ask.ts'
import { eventually } from './eventually.ts'

/** `undefined`: no answer, or one that says that something is down. What was asked for may have been done or not. */
export type Heard = Answer | undefined

export interface Verification {
  readonly code: string
  readonly op: 'verify' | 'reset-pin'
  readonly newPin?: string
}

export interface KeyServer {
  create(pin: string): Promise<Heard>
  open(id: string, pin: string): Promise<Heard>
  changePin(id: string, pins: { readonly old: string; readonly next: string }): Promise<Heard>
  erase(id: string, pin: string): Promise<Heard>
  addUser(id: string, pin: string, address: string): Promise<Heard>
  verify(id: string, address: string, body: Verification): Promise<Heard>
  askReset(id: string, address: string): Promise<Heard>
  /** The link of a notice, as a browser follows it, or sends the form behind it. */
  follow(link: string, method: 'GET' | 'POST'): Promise<Heard>
}

const userPath = (id: string, address: string) => `/v2/key/${id}/user/${encodeURIComponent(address)}`

/** Of whichever world runs when it is asked; `baseUrl` answers `undefined` while there is none. */
export function keyServerAt(baseUrl: () => string | undefined): KeyServer {
  const hear = async (asked: Asked): Promise<Heard> => {
    const address = baseUrl()
    const answer = address === undefined ? undefined : await ask(address, asked)
    return answer && answer.status < 500 ? answer : undefined
  }
  return {
    create: (pin) => hear({ method: 'POST', path: '/v2/key', body: { pin } }),
    open: (id, pin) => hear({ method: 'GET', path: `/v2/key/${id}`, pin }),
    changePin: (id, { old, next }) => hear({ method: 'PUT', path: `/v2/key/${id}`, pin: old, body: { newPin: next } }),
    erase: (id, pin) => hear({ method: 'DELETE', path: `/v2/key/${id}`, pin }),
    addUser: (id, pin, address) => hear({ method: 'POST', path: `/v2/key/${id}/user`, pin, body: { userId: address } }),
    verify: (id, address, body) => hear({ method: 'PUT', path: userPath(id, address), body: { ...body } }),
    askReset: (id, address) => hear({ method: 'GET', path: `${userPath(id, address)}/reset` }),
    follow: (link, method) => hear({ method, path: new URL(link).pathname }),
  }
}

/** Repeats what nobody answered. The answer may be to a repetition of what was done already. */
export async function hearSurely(listen: () => Promise<Heard>): Promise<NonNullable<Heard>> {
  let heard: Heard
  await eventually('the key server answers', async () => (heard = await listen()) !== undefined)
  if (!heard) throw new Error('unreachable')
  return heard
}

export const fieldOf = (text: string, name: 'id' | 'encryptionKey'): string =>
  (JSON.parse(text) as Record<string, string>)[name] ?? ''
