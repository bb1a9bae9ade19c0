import { request } from 'node:http'

export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly pin?: string
  readonly body?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/**
 * One request on a connection of its own, never repeated. `undefined`: no whole answer came, and the caller cannot know
 * what was done.
 */
export function ask(baseUrl: string, { method, path, pin, body }: Asked): Promise<Answer | undefined> {
  const headers = {
    ...(body && { 'content-type': 'application/json' }),
    ...(pin !== undefined && { authorization: `Basic ${Buffer.from(`:${pin}`).toString('base64')}` }),
  }
  return new Promise((done) => {
    const sent = request(`${baseUrl}${path}`, { method, headers, agent: false, timeout: 20_000 }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => done(undefined))
      response.on('close', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        done(response.complete ? { status: response.statusCode ?? 0, text } : undefined)
      })
    })
    sent.on('timeout', () => sent.destroy())
    sent.on('error', () => done(undefined))
    sent.end(body && JSON.stringify(body))
  })
}
