import { createHash, randomBytes } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { sha256, toBase64url, toHex, toUtf8 } from '@strongroom/crypto'

export interface Answered {
  readonly status: number
  readonly body: unknown
  readonly text: string
  readonly headers: Headers
}

export interface Asked {
  readonly method?: string
  readonly path: string
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

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
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, text, body: text === '' ? undefined : JSON.parse(text), headers: answer.headers }
  }

/** What a refusal says, in short: status and name. */
export const refused = ({ status, body }: Answered): [number, string] => [
  status,
  (body as { error: { name: string } }).error.name,
]

/** A device’s P-256 key, as a secure enclave would hold it. */
export function newDevice() {
  const secret = p256.utils.randomSecretKey()
  const publicKey = toHex(p256.getPublicKey(secret, false).subarray(1))
  const signBytes = (message: Uint8Array, format: 'compact' | 'der' = 'compact'): string =>
    toHex(p256.sign(message, secret, { prehash: true, lowS: false, format }))
  return { publicKey, signBytes, sign: (data: string) => signBytes(toUtf8(data)) }
}
export type Device = ReturnType<typeof newDevice>

/** A passkey and its authenticator, which counts unless it is told not to. */
export function newPasskey(rules: { rpId: string; origins: readonly string[] }) {
  const device = newDevice()
  const credentialId = randomBytes(16).toString('base64url')
  return {
    publicKey: device.publicKey,
    assert(challengeData: string, { count = 0, origin = rules.origins[0] } = {}) {
      const challenge = Buffer.from(challengeData, 'hex').toString('base64url')
      const clientData = toUtf8(JSON.stringify({ type: 'webauthn.get', challenge, origin, crossOrigin: false }))
      const counter = Buffer.alloc(4)
      counter.writeUInt32BE(count)
      const rpIdHash = createHash('sha256').update(rules.rpId).digest()
      const authenticatorData = Uint8Array.of(...rpIdHash, 0x05, ...counter)
      const signature = device.signBytes(Uint8Array.of(...authenticatorData, ...sha256(clientData)), 'der')
      return {
        credentialId,
        authenticatorData: toBase64url(authenticatorData),
        clientDataJSON: toBase64url(clientData),
        signature: Buffer.from(signature, 'hex').toString('base64url'),
      }
    },
  }
}

export const newSubject = (): string => `person-${randomBytes(6).toString('hex')}`

interface SignedInBody {
  readonly account: {
    readonly id: string
    readonly addresses: { readonly address: string; readonly chainName: string }[]
  }
  readonly credentials: { readonly accessToken: string; readonly refreshToken: string }
  readonly transaction: { readonly id: string } | null
}

/** A person with a login, asking an app. */
export function personOf(baseUrl: string, subject = newSubject(), headers: Readonly<Record<string, string>> = {}) {
  const ask = clientOf(baseUrl)
  const post = (path: string, body: unknown) => ask({ method: 'POST', path, body, headers })
  const login = { method: 'test', token: subject }
  const begin = async (key: { publicKey: string }, more: { type?: string; chainName?: string } = {}) => {
    const { type = 'deviceKey', chainName } = more
    const request = { ...login, ...(chainName !== undefined && { chainName }) }
    return post('/auth/v1/signin/challenge', { challengeType: type, request, publicKey: key.publicKey })
  }
  const challenge = async (key: { publicKey: string }, more: { type?: string; chainName?: string } = {}) =>
    ((await begin(key, more)).body as { challengeData: string }).challengeData
  const respond = (challengeData: string, signature: string) =>
    post('/auth/v1/signin/challenge/respond', {
      challengeType: 'deviceKey',
      challengeData,
      deviceKey: { signature },
    })
  return {
    subject,
    login,
    headers,
    ask,
    post,
    begin,
    challenge,
    respond,
    signUp: (key: { publicKey: string }, more: object = {}) =>
      post('/auth/v1/signup', { ...login, userKey: { type: 'device', publicKey: key.publicKey }, ...more }),
    signIn: async (device: Device) => {
      const data = await challenge(device)
      return respond(data, device.sign(data))
    },
    get: (path: string, token: string) => ask({ path, token, headers }),
  }
}
export type Person = ReturnType<typeof personOf>

export const bodyOf = ({ body }: Answered) => body as SignedInBody
