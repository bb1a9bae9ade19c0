import { randomBytes } from 'node:crypto'
import { didOf, type Issuer, makePresentation, startIssuer } from '@strongroom/issuer'
import { type AppWish, startApp, type TestApp } from '@strongroom/test-world'

export { passTime } from './pass-time.ts'

export interface Answered {
  readonly status: number
  /** The very bytes. */
  readonly text: string
  readonly body: unknown
  readonly headers: Headers
}

export interface Asked {
  readonly method?: string
  /** Below `/api`. */
  readonly path: string
  /** A presentation: the bearer of the request. */
  readonly vp?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown
}

/** An app, the issuer whose tokens it takes, and Firebase’s stub. */
export interface World extends AsyncDisposable {
  readonly app: TestApp
  readonly issuer: Issuer
}

export async function startSssLca(wish: Omit<AppWish, 'app'> = {}): Promise<World> {
  const issuer = await startIssuer()
  try {
    const app = await startApp({
      ...wish,
      app: 'sss-lca',
      settings: { ...settingsOf(issuer), ...wish.settings },
    })
    return {
      app,
      issuer,
      async [Symbol.asyncDispose]() {
        await app.stop()
        await issuer.close()
      },
    }
  } catch (error) {
    await issuer.close()
    throw error
  }
}

const settingsOf = (issuer: Issuer) => ({
  RECOVERY_HSM_PIN_FILE: undefined,
  FIREBASE_PROJECT_ID: issuer.audience,
  FIREBASE_ISSUER: issuer.url,
  FIREBASE_KEYS_URL: issuer.keysUrl,
  FIREBASE_AUTH_EMULATOR_HOST: issuer.firebaseHost,
  OIDC_ISSUER: issuer.url,
  OIDC_AUDIENCE: issuer.audience,
})

export const newSeed = (): Uint8Array => randomBytes(32)

/** Asks by base URL, as a client of the wire would. */
export function clientOf(baseUrl: string) {
  const ask = async ({ method = 'POST', path, vp, headers = {}, body }: Asked): Promise<Answered> => {
    const answer = await fetch(`${baseUrl}/api${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(vp !== undefined && { authorization: `Bearer ${vp}` }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, text, body: parse(text), headers: answer.headers }
  }
  return { ask }
}

export type Client = ReturnType<typeof clientOf>

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Where people are: a server, ours or another of its shape, and the issuer whose tokens it takes. */
export interface Whereabouts {
  readonly app: { readonly baseUrls: readonly string[] }
  readonly issuer: Pick<Issuer, 'issueToken'>
}

/** One person: a login, a DID, and what they ask. */
export function personOf(
  world: Whereabouts,
  options: { seed?: Uint8Array; email?: string; phone?: string; baseUrl?: string } = {},
) {
  const { seed = newSeed(), email, phone } = options
  const { ask } = clientOf(options.baseUrl ?? world.app.baseUrls[0] ?? '')
  const login = async () => ({
    authToken: await world.issuer.issueToken({
      ...(email !== undefined && { email }),
      ...(phone !== undefined && { phone }),
    }),
    providerType: 'firebase',
  })
  const vp = (challenge?: string) => makePresentation({ seed, ...(challenge !== undefined && { challenge }) })
  const post = async (path: string, more: object = {}) => ask({ path, body: { ...(await login()), ...more } })
  const postSigned = async (path: string, more: object = {}) =>
    ask({ path, vp: vp(), body: { ...(await login()), ...more } })
  const query = async (more: Record<string, string>) => new URLSearchParams({ ...(await login()), ...more }).toString()
  return {
    seed,
    did: didOf(seed),
    login,
    vp,
    ask,
    get: (more: object = {}) => post('/keys/auth-share', more),
    put: async (share: string, more: object = {}) =>
      ask({
        method: 'PUT',
        path: '/keys/auth-share',
        vp: vp(),
        body: { ...(await login()), ...shareOf(share), ...more },
      }),
    addMethod: (more: object) => postSigned('/keys/recovery', more),
    readMethod: async (more: Record<string, string>) =>
      ask({ method: 'GET', path: `/keys/recovery?${await query(more)}` }),
    addEmail: (address: string) => postSigned('/keys/recovery-email/add', { email: address }),
    verifyEmail: (code: string) => postSigned('/keys/recovery-email/verify', { code }),
    readEmail: async () => ask({ method: 'GET', path: `/keys/recovery-email?${await query({})}` }),
    backUp: (more: object) => post('/keys/email-backup', more),
    upgrade: (more: object) => post('/keys/upgrade-contact-method', more),
    migrate: () => post('/keys/migrate'),
    remove: () => postSigned('/keys/delete'),
    async challenge(): Promise<string> {
      const { body } = await ask({ method: 'GET', path: '/challenges', vp: vp() })
      return (body as string[])[0] ?? ''
    },
    async restore(more: object = {}) {
      return ask({ path: '/keys/restore', vp: vp(await this.challenge()), body: more })
    },
    async startOver() {
      return ask({ path: '/keys/start-over', vp: vp(await this.challenge()), body: await login() })
    },
    async cancelStartOver() {
      return ask({ method: 'DELETE', path: '/keys/start-over', vp: vp(await this.challenge()) })
    },
  }
}

export type Person = ReturnType<typeof personOf>

/** As clients send it: hex of 33 bytes, unencrypted by the server’s measure. */
export const shareOf = (encryptedData: string) => ({
  authShare: { encryptedData, encryptedDek: '', iv: '' },
})

/** The part of an address behind the question mark. */
export const queryOf = (more: Readonly<Record<string, string>>): string => new URLSearchParams(more).toString()
