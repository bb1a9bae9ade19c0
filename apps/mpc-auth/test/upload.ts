import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Answered, User } from './client.ts'

/** A backup whose body a test sends piece by piece. */
export interface Upload {
  /** Resolves when the piece is on its way. */
  send(piece: string): Promise<void>
  end(piece?: string): void
  hangUp(): void
  /** Rejects where the connection broke first. */
  readonly answered: Promise<Answered>
}

export async function openUpload(baseUrl: string, user: User, headers: Record<string, string> = {}): Promise<Upload> {
  const asked = request(`${baseUrl}/v2/keyshare/backup`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await user.token()}`, ...headers },
  })
  const { promise: answered, resolve, reject } = Promise.withResolvers<Answered>()
  asked.on('response', (answer) => {
    const { statusCode: status = 0, headersDistinct } = answer
    const told = new Headers(Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(', ')]))
    const read = async () => {
      const said = await text(answer)
      return { status, text: said, body: JSON.parse(said) as unknown, headers: told }
    }
    read().then(resolve, reject)
  })
  asked.on('error', reject)
  // Nobody may be waiting when it breaks.
  answered.catch(() => undefined)
  asked.flushHeaders()
  return {
    send: (piece) => new Promise((done) => asked.write(piece, () => done())),
    end: (piece = '') => void asked.end(piece),
    hangUp: () => void asked.destroy(),
    answered,
  }
}
