import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface SigningKey {
  readonly kid: string
  readonly alg: 'RS256' | 'ES256'
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function newSigningKey(alg: SigningKey['alg'] = 'ES256', kid: string = randomUUID()): SigningKey {
  const pair =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, alg, ...pair }
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWT as whoever holds a key would sign it: any header, any claims. */
export function signToken(key: SigningKey, claims: object, header: object = {}): string {
  const input = `${part({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** What no issuer would sign: with a MAC whose key is `secret`, or with nothing. */
export function forgeToken(header: object, claims: object, secret?: string): string {
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${secret === undefined ? '' : createHmac('sha256', secret).update(input).digest('base64url')}`
}

const jwkOf = ({ kid, alg, publicKey }: SigningKey) => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  alg,
  use: 'sig',
})

export interface OwnIssuer {
  /** With the slash at its end that Auth0 has. */
  readonly url: string
  readonly audience: string
  readonly key: SigningKey
  /** Keys that it publishes from now on. */
  publish(keys: readonly SigningKey[]): void
  /** How often its keys were fetched. */
  fetches(): number
  away(isAway: boolean): void
  /** The claims of a good token, changed. */
  claims(change?: object): object
  /** A token that is good unless it is changed. */
  token(change?: object, header?: object): string
  close(): Promise<void>
}

/** An OpenID issuer whose every word a test decides. */
export async function startOwnIssuer(tls?: { key: string; cert: string }): Promise<OwnIssuer> {
  const key = newSigningKey()
  const audience = 'https://mpc.example/api'
  let published: readonly SigningKey[] = [key]
  let fetches = 0
  let isAway = false
  let url = ''
  const serve: RequestListener = (request, response) => {
    const isKeys = request.url === '/jwks'
    if (isKeys) fetches++
    if (isAway) return void response.writeHead(503).end()
    const body = isKeys ? { keys: published.map(jwkOf) } : { issuer: url, jwks_uri: `${url}jwks` }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const server = tls ? createTlsServer(tls, serve) : createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `${tls ? 'https' : 'http'}://127.0.0.1:${String((server.address() as AddressInfo).port)}/`
  const claims = (change: object = {}) => {
    const now = Math.floor(Date.now() / 1000)
    return { iss: url, aud: audience, sub: 'auth0|somebody', exp: now + 600, iat: now, ...change }
  }
  return {
    url,
    audience,
    key,
    publish: (keys) => void (published = keys),
    fetches: () => fetches,
    away: (value) => void (isAway = value),
    claims,
    token: (change, header) => signToken(key, claims(change), header),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Where an issuer was a moment ago. */
export async function goneIssuer(): Promise<string> {
  const issuer = await startOwnIssuer()
  await issuer.close()
  return issuer.url
}
