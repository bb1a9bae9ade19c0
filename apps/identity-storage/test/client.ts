import { STATUS_CODES } from 'node:http'
import { fromUtf8, type Secret } from '@strongroom/crypto'
import {
  type IdentityApi,
  newSeed,
  openIdentityApi,
  type Signer,
  signerOf,
  signRequest,
} from '@strongroom/identity-client'
import { type AppWish, startApp, type TestApp } from '@strongroom/test-world'

export { passTime } from './pass-time.ts'

export const NETWORK = 'Strongroom Test Network'
const MEDIA_TYPE = 'application/vnd.api+json'

export interface Answered {
  readonly status: number
  /** The very bytes. */
  readonly text: string
  readonly body: unknown
  readonly headers: Headers
}

export interface Asked {
  readonly method?: string
  /** Path and query. */
  readonly path: string
  /** Signs the target, as TokenD's JavaScript client does. */
  readonly by?: Signer
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown
}

export type Ask = (asked: Asked) => Promise<Answered>

/** An app whose administrator we are. */
export interface World extends AsyncDisposable {
  readonly app: TestApp
  readonly api: IdentityApi
  /** Asks as it is told, for what no client would send. */
  readonly ask: Ask
  /** Signs for the master account. */
  readonly admin: Signer
}

export async function startIdentityStorage(wish: Omit<AppWish, 'app'> = {}): Promise<World> {
  const admin = signerOf(newSeed())
  const settings = {
    RECOVERY_HSM_PIN_FILE: undefined,
    LEDGER_NETWORK_PASSPHRASE: NETWORK,
    LEDGER_MASTER_ACCOUNT: admin.keyId,
    LEDGER_ADMIN_KEYS: admin.keyId,
    CLIENT_ROUTER_URL: 'http://127.0.0.1:4210/r',
    CREATIONS_PER_ADDRESS: '100000',
    LOOKUPS_PER_ADDRESS: '100000',
    ATTEMPTS_PER_ADDRESS: '100000',
    ...wish.settings,
  }
  const app = await startApp({ ...wish, app: 'identity-storage', settings })
  const [baseUrl = 'http://127.0.0.1'] = app.baseUrls
  return {
    app,
    admin,
    api: openIdentityApi({ baseUrl }),
    ask: clientOf(baseUrl),
    [Symbol.asyncDispose]: () => app.stop(),
  }
}

/** Asks by base URL, as a client of the wire would. */
export const clientOf =
  (baseUrl: string): Ask =>
  async ({ method = 'GET', path, by, headers = {}, body }) => {
    const answer = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': MEDIA_TYPE }),
        ...(by && (await signRequest({ signer: by, method, target: path }))),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, text, body: parse(text), headers: answer.headers }
  }

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** How many there are of each status. */
export function tally(answers: readonly (Pick<Answered, 'status'> | undefined)[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[answer?.status ?? 0] = (counts[answer?.status ?? 0] ?? 0) + 1
  return counts
}

/** What there is to compare of an answer. */
export const told = ({ status, text }: Answered): [number, string] => [status, text]

/** A refusal, to the byte: bare, or with what its one error says beside. */
export const refused = (status: number, more: object = {}): [number, string] => [
  status,
  JSON.stringify({ errors: [{ title: STATUS_CODES[status], status: String(status), ...more }] }),
]

/** One field is not as it should be. */
export const wrong = (field: string, error: string): [number, string] => refused(400, { meta: { field, error } })

export const tooMany = refused(429, { detail: 'Too many requests, try again later' })

export const textOf = (secret: Secret): string => fromUtf8(secret.expose())

/** An address that nobody else in this run has. */
export const newEmail = (): string => `ann-${crypto.randomUUID()}@example.com`
