import { type AppWish, startApp, type TestApp } from '@strongroom/test-world'

export interface Answered {
  readonly status: number
  /** The very bytes. */
  readonly text: string
  readonly headers: Headers
}

export interface Asked {
  readonly method?: string
  readonly path: string
  readonly pin?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown
}

export const basic = (pin: string): string => `Basic ${Buffer.from(`:${pin}`).toString('base64')}`

export const manyCreations = { CREATIONS_PER_ADDRESS: '100000', CREATIONS_IN_ALL: '100000' }

export const startKeyServer = (wish: Omit<AppWish, 'app'> = {}): Promise<TestApp> =>
  startApp({ ...wish, app: 'key-server', settings: { ...manyCreations, ...wish.settings } })

export interface Verification {
  readonly code: unknown
  readonly op: unknown
  readonly newPin?: unknown
}

const userPath = (keyId: string, userId: string) => `/v2/key/${keyId}/user/${encodeURIComponent(userId)}`

/** Asks a key server by its base URL, as a client of the wire would. */
export function clientOf(baseUrl: string) {
  const ask = async ({ method = 'GET', path, pin, headers = {}, body }: Asked): Promise<Answered> => {
    const answer = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(pin !== undefined && { authorization: basic(pin) }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text(), headers: answer.headers }
  }
  return {
    ask,
    async create(pin: string): Promise<string> {
      const { status, text } = await ask({ method: 'POST', path: '/v2/key', body: { pin } })
      if (status !== 201) throw new Error(`creating a key answered ${String(status)}`)
      return (JSON.parse(text) as { id: string }).id
    },
    open: (keyId: string, pin: string) => ask({ path: `/v2/key/${keyId}`, pin }),
    change: (keyId: string, pin: string, newPin: unknown) =>
      ask({ method: 'PUT', path: `/v2/key/${keyId}`, pin, body: { newPin } }),
    erase: (keyId: string, pin: string) => ask({ method: 'DELETE', path: `/v2/key/${keyId}`, pin }),
    addUser: (keyId: string, pin: string, userId: unknown) =>
      ask({ method: 'POST', path: `/v2/key/${keyId}/user`, pin, body: { userId } }),
    verify: (keyId: string, userId: string, body: Verification) =>
      ask({ method: 'PUT', path: userPath(keyId, userId), body }),
    askReset: (keyId: string, userId: string) => ask({ path: `${userPath(keyId, userId)}/reset` }),
    cancelReset: (keyId: string, userId: string, pin: string) =>
      ask({ method: 'DELETE', path: `${userPath(keyId, userId)}/reset`, pin }),
    removeUser: (keyId: string, pin: string, userId: string) =>
      ask({ method: 'DELETE', path: userPath(keyId, userId), pin }),
  }
}

export type KeyServerClient = ReturnType<typeof clientOf>

export const invalidRequest = '{"message":"Invalid request"}'
export const invalidParams = '{"message":"Invalid params"}'
export const success = '{"message":"Success"}'
