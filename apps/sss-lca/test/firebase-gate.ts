import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** `hang`: takes a question and never answers. `answer-lost`: has it done, and drops the answer. `no-address`: says so. */
export type Mood = 'open' | 'away' | 'hang' | 'answer-lost' | 'no-address'

/** What stands between an app and Firebase's stub, and may fail as networks do. */
export interface FirebaseGate {
  /** `127.0.0.1:…`, for `FIREBASE_AUTH_EMULATOR_HOST`. */
  readonly host: string
  /** Where the stub is, once it is known. */
  lead(stub: string): void
  /** For all that is asked from now on; or for questions alone whose body contains a text. */
  turn(mood: Mood, about?: string): void
  /** Waits until so many questions that contain the text, one unless said, are in the gate's hands. */
  asked(about: string, times?: number): Promise<void>
  close(): Promise<void>
}

export async function firebaseGate(): Promise<FirebaseGate> {
  let stub = ''
  let all: Mood = 'open'
  const moods = new Map<string, Mood>()
  const questions: string[] = []
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy())
  })

  async function pass(request: IncomingMessage, response: ServerResponse) {
    const body = await textOf(request)
    questions.push(body)
    const [, mood = all] = [...moods].find(([about]) => body.includes(about)) ?? []
    if (mood === 'hang') return
    if (mood === 'away') return void response.writeHead(500).end()
    if (mood === 'no-address') {
      return void response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"error":{"code":400,"message":"INVALID_EMAIL"}}')
    }
    const answer = await fetch(`http://${stub}${request.url ?? ''}`, {
      method: request.method ?? 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body !== '' && { body }),
    })
    const text = await answer.text()
    if (mood === 'answer-lost') return
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    lead: (host) => void (stub = host),
    turn: (mood, about) => void (about === undefined ? (all = mood) : moods.set(about, mood)),
    async asked(about, times = 1) {
      while (questions.filter((one) => one.includes(about)).length < times) await delay(20)
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk
  return text
}
