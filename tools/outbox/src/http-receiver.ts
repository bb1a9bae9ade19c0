import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { type Mailbox, withoutNumber } from './mailbox.ts'
import { page } from './page.ts'
import { framed, type Policy, policyOf } from './policy.ts'
import { readBody } from './read-body.ts'
import type { Push } from './start-push.ts'

const sms = z.object({ id: z.string(), to: z.string(), text: z.string() })
const push = sms.extend({
  subject: z.string().default(''),
  data: z.record(z.string(), z.string()).default({}),
})
const subscribing = z.object({ name: z.string().optional() })

interface Answer {
  readonly status: number
  readonly type?: 'text/html' | 'application/json'
  readonly body?: string
  readonly policy?: Policy
}

interface Deliveries {
  readonly mailbox: Mailbox
  readonly browsers: Pick<Push, 'subscribe'>
}

/** The receivers for SMS and push, the list, and the page for people. */
export const httpReceiver = (deliveries: Deliveries): Server =>
  createServer({ requestTimeout: 10_000 }, (request, response) => {
    answerTo(deliveries, request)
      .catch(() => ({ status: 400 }))
      .then((answer) => write(response, answer))
      .catch(() => response.destroy())
  })

async function answerTo(deliveries: Deliveries, request: IncomingMessage): Promise<Answer> {
  if (!isFromHere(request)) return { status: 403 }
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const receive = receivers[`${request.method ?? ''} ${path}`]
  if (receive) return json(receive(deliveries, JSON.parse((await readBody(request)).toString('utf8'))))
  const { mailbox } = deliveries
  if (request.method === 'DELETE' && path === '/messages') {
    mailbox.empty()
    return { status: 204 }
  }
  return request.method === 'GET' ? show(mailbox, path, query) : { status: 405 }
}

const taken = { taken: true }
const receivers: Readonly<Record<string, (deliveries: Deliveries, body: unknown) => object>> = {
  'POST /sms': ({ mailbox }, body) => {
    mailbox.add({ ...sms.parse(body), channel: 'sms', subject: '', html: '' })
    return taken
  },
  'POST /push': ({ mailbox }, body) => {
    mailbox.add({ ...push.parse(body), channel: 'push', html: '' })
    return taken
  },
  'POST /push/subscriptions': ({ browsers }, body) => browsers.subscribe(subscribing.parse(body).name),
}

function show(mailbox: Mailbox, path: string, query: string): Answer {
  if (path === '/messages') return json(mailbox.list(recipientIn(query)).map(withoutNumber))
  if (path === '/') return { status: 200, type: 'text/html', body: page(mailbox.list(recipientIn(query))) }
  const found = mailbox.find(Number(/^\/html\/(\d+)$/.exec(path)?.[1]))
  return found ? { status: 200, type: 'text/html', body: found.html, policy: framed } : { status: 404 }
}

/** A `+` in the query stays one: it begins every number, and who writes the URL by hand does not encode it. */
function recipientIn(query: string): string | undefined {
  const found = query.split('&').find((one) => one.startsWith('to='))
  return found === undefined ? undefined : decodeURIComponent(found.slice('to='.length))
}

/** A page of the web that names us by a host of its own, or posts to us, is turned away. */
function isFromHere({ headers: { host = '', origin } }: IncomingMessage): boolean {
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)) return false
  return origin === undefined || origin === `http://${host}`
}

const json = (value: unknown): Answer => ({ status: 200, type: 'application/json', body: JSON.stringify(value) })

function write(response: ServerResponse, { status, type, body = '', policy }: Answer): void {
  response.writeHead(status, {
    ...(type && { 'content-type': `${type}; charset=utf-8` }),
    'cache-control': 'no-store',
    'content-security-policy': policyOf(policy),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}
