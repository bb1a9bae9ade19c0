import { generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto'
import { canonicalJson } from '@strongroom/crypto'
import { type AppServer, startServer } from './app.ts'
import { ask, makeMany } from './ask.ts'
import type { Tokens } from './tokens.ts'

export const NODE_SECRET = randomBytes(24).toString('hex')

export interface MpcAuthWish {
  readonly superuserUrl: string
  readonly tokens: Tokens
  readonly facesUrl?: string
  readonly nodeArguments?: readonly string[]
}

export const startMpcAuth = ({ superuserUrl, tokens, facesUrl, nodeArguments = [] }: MpcAuthWish): Promise<AppServer> =>
  startServer({
    app: 'mpc-auth',
    superuserUrl,
    nodeArguments,
    settings: {
      OIDC_ISSUER: tokens.issuer,
      OIDC_AUDIENCE: tokens.audience,
      HOOKS_PORT: '0',
      REQUESTS_PER_USER: '1000000',
      CHALLENGES_PER_USER: '1000000',
      FACETEC_URL: facesUrl,
      FACE_ENROL_REQUIRES_DEVICE: 'false',
    },
    secrets: { HOOKS_SECRETS: `node-1=${NODE_SECRET}` },
  })

/** A registered user with a device, and keys that it generated. */
export interface Signer {
  /** The token's subject: a UUID. */
  readonly subject: string
  readonly token: string
  /** Of the device: an uncompressed point in hex. */
  readonly device: string
  readonly keyIds: readonly string[]
}

export const newInstance = (): string => randomBytes(32).toString('hex')

/** Through the front doors of the app, as wallets and nodes do it. */
export const seedSigners = (server: AppServer, tokens: Tokens, count: number): Promise<readonly Signer[]> =>
  makeMany(count, () => seedSigner(server, tokens, 1))

export async function seedSigner({ port, beside }: AppServer, tokens: Tokens, keys: number): Promise<Signer> {
  const subject = randomUUID()
  const token = await tokens.issue('access', subject)
  const post = (path: string, body: object) => ask(port, { method: 'POST', path, bearer: token, body })
  await post('/auth/users/register', {})
  const { privateKey, device } = newDevice()
  const { challenge } = await ask<{ challenge: string }>(port, {
    path: `/auth/devices/challenge/${device}`,
    bearer: token,
  })
  const signature = sign('sha256', canonicalJson({ challenge }), privateKey).toString('hex')
  await post('/auth/devices/register', { device_id: device, signature })
  const keyIds = Array.from({ length: keys }, () => randomUUID())
  for (const keyId of keyIds) await generate(beside['hooks'] ?? 0, device, keyId)
  return { subject, token, device, keyIds }
}

function newDevice() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = privateKey.export({ format: 'jwk' })
  return { privateKey, device: `04${hex(x)}${hex(y)}` }
}

const hex = (part: string): string => Buffer.from(part, 'base64url').toString('hex')

async function generate(hooks: number, device: string, keyId: string): Promise<void> {
  const instance = newInstance()
  const hook = async (path: string, body: object) => {
    const told = await ask<string>(hooks, { method: 'POST', path, bearer: NODE_SECRET, body })
    if (told !== 'ok') throw new Error(`${path} answered "${told}"`)
  }
  await hook('/hooks/dkg-setup', { token: device, setup: {}, instance })
  await hook('/hooks/key-id', { token: device, key_id: keyId, instance })
}
