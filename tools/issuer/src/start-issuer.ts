import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { actionIn, answerToolkit, type Toolkit } from './identity-toolkit.ts'
import { openPeople } from './people.ts'
import { type Listener, openProvider } from './provider.ts'
import { project, requestToken, type TokenRequest } from './request-token.ts'

export interface IssuerOptions {
  /** Taken when it is free; any other free one else. */
  readonly port?: number
  /** Where keys and people are kept (0600). Without it they last as long as the issuer. */
  readonly stateDir?: string
}

export interface Issuer {
  /** `http://127.0.0.1:4010`: the `iss` of its tokens; discovery is below it. */
  readonly url: string
  /** Its JSON Web Key Set. */
  readonly keysUrl: string
  /** What the tokens are for, unless another audience is asked for. */
  readonly audience: string
  /** Where the stub of Firebase Authentication answers: `127.0.0.1:4010`, for `FIREBASE_AUTH_EMULATOR_HOST`. */
  readonly firebaseHost: string
  /** @throws Error with what is wrong with the request. */
  readonly issueToken: (request: TokenRequest) => Promise<string>
  close(): Promise<void>
}

const toolkitPath = '/identitytoolkit.googleapis.com/'

/** Starts an OpenID issuer for development and tests, who believes whoever asks; on 127.0.0.1 only. */
export async function startIssuer({ port = 0, stateDir }: IssuerOptions = {}): Promise<Issuer> {
  const people = openPeople(stateDir)
  let provider: Promise<Listener> | undefined
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      console.error(error)
      response.writeHead(500).end()
    })
  })
  const url = `http://127.0.0.1:${await listen(server, port)}`
  const toolkit: Toolkit = { people, tokenOf: (subject) => requestToken(url, { subject }) }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isFromHere(request)) return void response.writeHead(403).end()
    if (request.url?.startsWith(toolkitPath)) return serveToolkit(toolkit, request, response)
    // The library takes a third of a second to load: that is for whoever first asks, not for the start.
    provider ??= openProvider({ url, people, stateDir })
    const listener = await provider
    return listener(request, response)
  }

  return {
    url,
    keysUrl: `${url}/jwks`,
    audience: project,
    firebaseHost: new URL(url).host,
    issueToken: (request) => requestToken(url, request),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** A page of the web that names us by a host of its own, or posts to us, is turned away. */
const isFromHere = ({ headers: { host = '', origin } }: IncomingMessage): boolean =>
  /^(127\.0\.0\.1|localhost):\d+$/.test(host) && (origin === undefined || origin === `http://${host}`)

async function serveToolkit(toolkit: Toolkit, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const action = actionIn(new URL(request.url ?? '', 'http://127.0.0.1').pathname.slice(toolkitPath.length))
  const { status, body } = await answerToolkit(toolkit, action, await readJson(request))
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const mostBytes = 65_536

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > mostBytes) return undefined
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

async function listen(server: Server, wanted: number): Promise<number> {
  try {
    await tryPort(server, wanted)
  } catch (error) {
    if (wanted === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await tryPort(server, 0)
  }
  return (server.address() as AddressInfo).port
}

function tryPort(server: Server, port: number): Promise<unknown> {
  const listening = once(server, 'listening')
  server.listen(port, '127.0.0.1')
  return listening
}
