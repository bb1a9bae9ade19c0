import { randomBytes } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { canonicalJson, sha256, toHex } from '@strongroom/crypto'
import { type FaceStub, makeScan, type ScanWish, startFaceStub } from '@strongroom/face-stub'
import { type Issuer, startIssuer } from '@strongroom/issuer'
import { type AppWish, startApp, type TestApp } from '@strongroom/test-world'

export interface Answered {
  readonly status: number
  readonly text: string
  readonly body: unknown
  readonly headers: Headers
}

export interface Asked {
  readonly method?: string
  readonly path: string
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown
}

/** An app, the issuer whose tokens it takes, and the stub of a face server. */
export interface World extends AsyncDisposable {
  readonly app: TestApp
  readonly issuer: Issuer
  readonly faces: FaceStub
}

export const NODE_SECRET = 'a-secret-of-the-tests-for-one-mpc-node'

/** A key’s id that nobody else in this run has. */
export const newKeyId = (): string => `key_${randomBytes(6).toString('hex')}`

export async function startMpcAuth(wish: Omit<AppWish, 'app'> = {}): Promise<World> {
  const [issuer, faces] = await Promise.all([startIssuer(), startFaceStub()])
  const stop = () => Promise.all([issuer.close(), faces.close()])
  try {
    const settings = {
      RECOVERY_HSM_PIN_FILE: undefined,
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: issuer.audience,
      FACETEC_URL: faces.url,
      HOOKS_PORT: '0',
      HOOKS_SECRETS: `node-1=${NODE_SECRET}`,
      REQUESTS_PER_USER: '100000',
      CHALLENGES_PER_USER: '100000',
      ...wish.settings,
    }
    const app = await startApp({ ...wish, app: 'mpc-auth', settings })
    return {
      app,
      issuer,
      faces,
      async [Symbol.asyncDispose]() {
        await app.stop()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The very bytes of a refusal. */
export const errorOf = (code: number, message: string): string => JSON.stringify({ error: { code, message } })

/** What there is to compare of an answer. */
export const told = ({ status, text }: Answered): [number, string] => [status, text]

/** Asks by base URL, as a client of the wire would. */
export const clientOf =
  (baseUrl: string) =>
  async ({ method = 'GET', path, token, headers = {}, body }: Asked): Promise<Answered> => {
    const answer = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
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

/** A device’s P-256 key, as a secure enclave would hold it. */
export function newDevice() {
  const secret = p256.utils.randomSecretKey()
  const key = toHex(p256.getPublicKey(secret, false))
  const signBytes = (message: Uint8Array, prehash = true): string =>
    toHex(p256.sign(message, secret, { prehash, lowS: false, format: 'der' }))
  return {
    key,
    signBytes,
    sign: (challenge: string) => signBytes(canonicalJson({ challenge })),
    /** What the contract’s "M = SHA256(…), signature of M" would be if it were two hashes. */
    signTwice: (challenge: string) => signBytes(sha256(canonicalJson({ challenge }))),
  }
}
export type Device = ReturnType<typeof newDevice>

/** A scan as devices send it. */
export function wireScan(wish: ScanWish) {
  const { faceScan, auditTrailImage, lowQualityAuditTrailImage } = makeScan(wish)
  return {
    face_scan: faceScan,
    audit_trail_image: auditTrailImage,
    low_quality_audit_trail_image: lowQualityAuditTrailImage,
    user_agent: 'a device of the tests',
  }
}

/** One user: an access token, and what is asked with it. */
export function userOf(
  world: World,
  subject = `user-${randomBytes(6).toString('hex')}`,
  baseUrl = world.app.baseUrls[0] ?? '',
) {
  const ask = clientOf(baseUrl)
  const token = () => world.issuer.issueToken({ subject, provider: 'oidc' })
  const get = async (path: string) => ask({ path, token: await token() })
  const send = async (method: string, path: string, body?: unknown) => ask({ method, path, token: await token(), body })
  const scan = async (person = subject) => {
    const { body } = await get('/auth/face/session-token')
    return wireScan({ person, session: (body as { session_token: string }).session_token })
  }
  const challenge = async (key: string) =>
    ((await get(`/auth/devices/challenge/${key}`)).body as { challenge: string }).challenge
  const signed = async (device: Device) => ({
    device_id: device.key,
    signature: device.sign(await challenge(device.key)),
  })
  return {
    subject,
    token,
    get,
    send,
    scan,
    challenge,
    signed,
    register: () => send('POST', '/auth/users/register', {}),
    addDevice: async (device: Device, more: object = {}) =>
      send('POST', '/auth/devices/register', { ...(await signed(device)), ...more }),
    addFace: async (more: object = {}, person?: string) =>
      send('POST', '/auth/face/register', { ...(await scan(person)), ...more }),
    backUp: (keyshares: readonly object[]) => send('POST', '/v2/keyshare/backup', { keyshares }),
    transactions: async () =>
      ((await get('/transactions')).body as { transactions: Record<string, unknown>[] }).transactions,
    /** A device and a key that an MPC node generated with it. */
    async addKey(device: Device, keyId = newKeyId()) {
      await nodeOf(world).keygen(device, keyId)
      return keyId
    },
    recover: async (keyIds: readonly string[], person?: string) =>
      send('POST', '/v2/keyshare/recover', { key_ids: keyIds, ...(await scan(person)) }),
  }
}
export type User = ReturnType<typeof userOf>

/** What an MPC node calls one run of its protocol. */
export const newInstance = (): string => randomBytes(32).toString('hex')

/** An MPC node, asking its hooks; those of the first process unless said. */
export function nodeOf(world: World, secret: string | undefined = NODE_SECRET, process = world.app.processes[0]) {
  const ask = clientOf(process?.beside['hooks'] ?? '')
  const hook = async (path: string, body: unknown) =>
    ask({ method: 'POST', path: `/hooks/${path}`, token: secret, body })
  const setUp = async (device: Pick<Device, 'key'>, instance = newInstance()) =>
    (await hook('dkg-setup', { token: device.key, setup: {}, instance })).body
  const nameKey = async (device: Pick<Device, 'key'>, keyId: string, instance: string) =>
    (await hook('key-id', { token: device.key, key_id: keyId, instance })).body
  return {
    ask,
    hook,
    setUp,
    nameKey,
    async keygen(device: Device, keyId: string): Promise<[unknown, unknown]> {
      const instance = newInstance()
      return [await setUp(device, instance), await nameKey(device, keyId, instance)]
    },
    sign: async (device: Pick<Device, 'key'>, keyId: string, more: Readonly<Record<string, string[]>> = {}) =>
      (await hook('dsg-setup', { token: device.key, setup: { key_id: [keyId], ...more }, instance: newInstance() }))
        .body,
  }
}
