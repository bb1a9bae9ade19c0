import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { about } from './about.ts'
import { answer } from './answers.ts'
import { openFaces } from './faces.ts'

/** Plain text with 500, no answer at all, or 403, as for a key that is none of FaceTec's. */
export type FailureMode = 'server-error' | 'hang' | 'forbidden'

export interface FaceStubOptions {
  /** Taken when it is free; any other free one else. */
  readonly port?: number
  /** Where enrolled faces are kept (0600). Without it they last as long as the stub. */
  readonly stateDir?: string
  /** How it fails from the start. */
  readonly failures?: FailureMode
}

export interface FaceStub {
  /** `http://127.0.0.1:4020`: FaceTec's routes are below it. */
  readonly url: string
  /** How it answers everything from now on; `none` has it answer again. */
  fail(mode: FailureMode | 'none'): void
  close(): Promise<void>
}

/** Starts a stub of FaceTec Server 9.x, which believes whoever says whose face it is; on 127.0.0.1 only. */
export async function startFaceStub({ port = 0, stateDir, failures }: FaceStubOptions = {}): Promise<FaceStub> {
  const faces = openFaces(stateDir)
  let failing: FailureMode | 'none' = failures ?? 'none'

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isFromHere(request)) return void response.writeHead(403).end()
    const body = await readJson(request)
    if (failing !== 'none') return failAs[failing](response)
    const { pathname } = new URL(request.url ?? '', 'http://127.0.0.1')
    const said = answer(faces, `${request.method ?? ''} ${pathname}`, body)
    if (!said) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...said, ...about(request, pathname) }))
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.writeHead(400).end())
  })
  const url = `http://127.0.0.1:${String(await listen(server, port))}`
  return {
    url,
    fail(mode) {
      failing = mode
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const failAs: Readonly<Record<FailureMode, (response: ServerResponse) => void>> = {
  'server-error': (response) => response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error'),
  forbidden: (response) => response.writeHead(403, { 'content-type': 'text/plain' }).end('Forbidden'),
  hang: () => undefined,
}

/** A page of the web that names us by a host of its own, or posts to us, is turned away. */
const isFromHere = ({ headers: { host = '', origin } }: IncomingMessage): boolean =>
  /^(127\.0\.0\.1|localhost):\d+$/.test(host) && (origin === undefined || origin === `http://${host}`)

const MOST_BYTES = 32 * 1024 * 1024

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MOST_BYTES) throw new RangeError('too large')
    chunks.push(chunk)
  }
  return length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown)
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
