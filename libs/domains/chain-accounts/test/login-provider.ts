import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret } from '@strongroom/crypto'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

export interface Listening {
  readonly url: string
  stop(): Promise<void>
}

/** An HTTP server on a free port of this machine. */
export async function listen(serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<Listening> {
  const server = createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

export interface LoginProvider extends Listening {
  sign(claims: JWTPayload, header?: { readonly alg?: string; readonly kid?: string }): Promise<Secret>
  /** Whether it answers 503 instead of its keys. */
  down: boolean
}

/** A login provider’s half that we see: keys at its address, and tokens. */
export async function startLoginProvider(): Promise<LoginProvider> {
  const pairs = await Promise.all(
    ['RS256', 'ES256'].map(async (alg) => ({ alg, ...(await generateKeyPair(alg, { extractable: true })) })),
  )
  const keys = await Promise.all(
    pairs.map(async ({ alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid: alg, alg, use: 'sig' })),
  )
  const listening = await listen((_, response) => {
    if (provider.down) return void response.writeHead(503).end()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }))
  })
  const provider: LoginProvider = {
    ...listening,
    down: false,
    async sign(claims, { alg = 'RS256', kid = alg } = {}) {
      const pair = pairs.find((one) => one.alg === alg)
      if (!pair) throw new Error(`no key for ${alg}`)
      return new Secret(await new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(pair.privateKey))
    },
  }
  return provider
}
