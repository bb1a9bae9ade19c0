import { createHash, randomBytes } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { deployForDevelopment } from '@strongroom/chains/testing'
import { sha256, toBase64url, toHex, toUtf8 } from '@strongroom/crypto'
import { type EvmNode, type EvmNodeOptions, startEvmNode } from '@strongroom/evm-node'
import { type AppWish, startApp, type TestApp } from '@strongroom/test-world'
import { expect } from 'vitest'
import { type Answered, clientOf } from './client.ts'

/** The accounts API by itself, on a chain of its own. */
export interface AccountsWorld extends AsyncDisposable {
  readonly app: TestApp
  readonly node: EvmNode
  /** What is configured of the chain `local`. */
  readonly chain: Readonly<Record<string, unknown>>
}

export const passkeyRules = { rpId: 'wallet.example.com', origins: ['https://wallet.example.com'] }

const ENOUGH = 10n ** 20n

export interface AccountsWish extends Omit<AppWish, 'app'> {
  readonly node?: EvmNodeOptions
  /** Of the chain `local`. */
  readonly chain?: Readonly<Record<string, unknown>>
  /** Whoever pays has nothing to pay with. */
  readonly money?: 'none'
}

export async function startAccounts({
  node: how = {},
  chain,
  money,
  ...wish
}: AccountsWish = {}): Promise<AccountsWorld> {
  const node = await startEvmNode(how)
  try {
    const contracts = await deployForDevelopment(node)
    const place = { rpcUrl: node.url, chainId: node.chainId, ...contracts, confirmations: 1, pollSeconds: 0.2 }
    const local = { ...place, gasBudgetWei: String(ENOUGH), ...chain }
    const settings = {
      RECOVERY_HSM_PIN_FILE: undefined,
      MPC_AUTH_APIS: 'accounts',
      PUBLIC_URL: 'http://127.0.0.1:4300',
      ACCOUNTS_TEST_LOGIN: 'on',
      CHAINS: JSON.stringify({ local }),
      DEFAULT_CHAIN: 'local',
      PASSKEY_RP_ID: passkeyRules.rpId,
      PASSKEY_ORIGINS: passkeyRules.origins.join(','),
      REQUESTS_PER_ACCOUNT: '100000',
      LOGINS_PER_ADDRESS: '100000',
      ...wish.settings,
    }
    const app = await startApp({ ...wish, app: 'mpc-auth', settings })
    if (money !== 'none') await fundRelayers({ app, node })
    return {
      app,
      node,
      chain: local,
      async [Symbol.asyncDispose]() {
        await app.stop()
        await node.close()
      },
    }
  } catch (error) {
    await node.close()
    throw error
  }
}

export async function fundRelayers({ app, node }: Pick<AccountsWorld, 'app' | 'node'>): Promise<void> {
  const { code, output } = await app.run('list-relayers')
  if (code !== 0) throw new Error(output)
  for (const [, address] of output.matchAll(/^local (0x[0-9a-fA-F]{40}) (?:active|waiting) /gm))
    await node.fund(String(address), ENOUGH)
}

/** Status and name of a refusal. */
export const refused = ({ status, body }: Answered): [number, string] => [
  status,
  (body as { error: { name: string } }).error.name,
]

/** A device’s P-256 key, as a secure enclave would hold it. */
export function newKey() {
  const secret = p256.utils.randomSecretKey()
  const publicKey = toHex(p256.getPublicKey(secret, false).subarray(1))
  const signBytes = (message: Uint8Array, format: 'compact' | 'der' = 'compact'): string =>
    toHex(p256.sign(message, secret, { prehash: true, lowS: false, format }))
  return { publicKey, signBytes, sign: (data: string) => signBytes(toUtf8(data)) }
}
export type DeviceKey = ReturnType<typeof newKey>

/** What an authenticator answers, present and verified. */
export function assertionOf(key: DeviceKey, challenge: Uint8Array, count = 0) {
  const data = { type: 'webauthn.get', challenge: toBase64url(challenge), origin: passkeyRules.origins[0] }
  const clientData = toUtf8(JSON.stringify({ ...data, crossOrigin: false }))
  const counter = Buffer.alloc(4)
  counter.writeUInt32BE(count)
  const rpIdHash = createHash('sha256').update(passkeyRules.rpId).digest()
  const authenticatorData = Uint8Array.of(...rpIdHash, 0x05, ...counter)
  const signature = key.signBytes(Uint8Array.of(...authenticatorData, ...sha256(clientData)), 'der')
  return {
    credentialId: randomBytes(16).toString('base64url'),
    authenticatorData: toBase64url(authenticatorData),
    clientDataJSON: toBase64url(clientData),
    signature: Buffer.from(signature, 'hex').toString('base64url'),
  }
}

export interface SignedIn {
  readonly account: {
    readonly id: string
    readonly addresses: readonly { readonly address: string; readonly chainName: string }[]
  }
  readonly credentials: { readonly accessToken: string; readonly refreshToken: string }
  readonly transaction: { readonly id: string; readonly chainName: string; readonly refUrl: string } | null
}
export const signedIn = ({ body }: Answered) => body as SignedIn

export const newSubject = (): string => `person-${randomBytes(6).toString('hex')}`

interface Who {
  readonly subject?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly process?: number
}

/** A person with a login, asking one of the processes. */
export function personOf(world: AccountsWorld, { subject = newSubject(), headers = {}, process = 0 }: Who = {}) {
  const ask = clientOf(world.app.baseUrls[process] ?? '')
  const login = { method: 'test', token: subject }
  const send = (method: string, path: string, sent: { body?: unknown; token?: string | undefined } = {}) =>
    ask({ method, path, headers, ...sent })
  const post = (path: string, body: unknown, token?: string) => send('POST', path, { body, token })
  const begin = (publicKey: string, challengeType = 'deviceKey') =>
    post('/auth/v1/signin/challenge', { challengeType, request: login, publicKey })
  const challenge = async (publicKey: string, challengeType = 'deviceKey') =>
    ((await begin(publicKey, challengeType)).body as { challengeData: string }).challengeData
  const respond = (challengeData: string, signature: string) =>
    post('/auth/v1/signin/challenge/respond', {
      challengeType: 'deviceKey',
      challengeData,
      deviceKey: { signature },
    })
  const signIn = async (key: DeviceKey) => {
    const data = await challenge(key.publicKey)
    return respond(data, key.sign(data))
  }
  const signUp = ({ publicKey }: { publicKey: string }, more: object = {}) =>
    post('/auth/v1/signup', { ...login, userKey: { type: 'device', publicKey }, ...more })
  return {
    subject,
    login,
    send,
    post,
    begin,
    challenge,
    respond,
    signIn,
    signUp,
    get: (path: string, token: string) => send('GET', path, { token }),
    /** Until its account stands, and signed in. */
    async settle(key: DeviceKey = newKey(), more: object = {}) {
      const opened = await signUp(key, more)
      if (opened.status !== 201) throw new Error(opened.text)
      const found = { answer: opened }
      await expect.poll(async () => (found.answer = await signIn(key)).status, { interval: 200 }).toBe(200)
      return { key, ...signedIn(found.answer) }
    },
  }
}
export type Person = ReturnType<typeof personOf>
