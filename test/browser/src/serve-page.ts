import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bundlePage } from './bundle-page.ts'

export interface PageWish {
  /** A module of this project: `pages/passkey.ts`. */
  readonly entry: string
  /**
   * `http://localhost` unless said, or a name under it such as `http://wallet.localhost`: a secure context, and a
   * relying party of its own. On a free port unless it names one.
   */
  readonly origin?: string
  /** Directives of the Content Security Policy to loosen, each with the sources that it then allows. */
  readonly policy?: Readonly<Record<string, string>>
}

/** A page on a web server of its own. `Exports` is what its module exports. */
export interface ServedPage<Exports> extends AsyncDisposable {
  readonly origin: string
  /** From the next load on, scripts of the page may call that origin too. It decides by CORS who reads its answers. */
  mayCall(origin: string): void
  stop(): Promise<void>
  /** No value: holds the type. */
  readonly exports?: Exports
}

/** Nothing but the page's own script; no other origin, no frame, no form, no string that becomes code. */
const strict = {
  'default-src': "'none'",
  'script-src': "'self'",
  'connect-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'require-trusted-types-for': "'script'",
}

const document =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Strongroom</title><script src="/page.js" defer></script>'

export async function servePage<Exports>({
  entry,
  origin = 'http://localhost',
  policy,
}: PageWish): Promise<ServedPage<Exports>> {
  const { protocol, hostname, port } = new URL(origin)
  if (protocol !== 'http:' || !/^(.+\.)?localhost$/.test(hostname))
    throw new Error('the origin of a page is http://localhost or http://<name>.localhost')
  const { code } = await bundlePage(entry)
  const callable: string[] = []
  const directives = () => ({
    ...strict,
    ...(callable.length > 0 && { 'connect-src': callable.join(' ') }),
    ...policy,
  })
  const server = createServer(answerWith(code, directives)).listen(Number(port), '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return {
    origin: `http://${hostname}:${String((server.address() as AddressInfo).port)}`,
    mayCall: (other) => void callable.push(new URL(other).origin),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

const answerWith =
  (code: string, directives: () => Readonly<Record<string, string>>): RequestListener =>
  ({ method, url }, response) => {
    const send = sendTo(response, directives())
    if (method === 'GET' && url === '/') return send({ status: 200, type: 'text/html', body: document })
    if (method === 'GET' && url === '/page.js') return send({ status: 200, type: 'text/javascript', body: code })
    return send({ status: 404, type: 'text/plain', body: '' })
  }

const sendTo =
  (response: ServerResponse, directives: Readonly<Record<string, string>>) =>
  ({ status, type, body }: { status: number; type: string; body: string }) => {
    response.writeHead(status, {
      'Content-Type': `${type}; charset=utf-8`,
      'Content-Security-Policy': Object.entries(directives)
        .map((directive) => directive.join(' '))
        .join('; '),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    })
    response.end(body)
  }
