import { Agent, request, type IncomingHttpHeaders } from 'node:http'

export interface Question {
  method: string
  url: string
  /** Sent as the password of Basic credentials with an empty user, as the published client does. */
  pin?: string
  headers?: Record<string, string>
  /** An object is sent as JSON, a string as it is. */
  body?: object | string
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** One connection that is kept open: its questions go one after another. */
export interface Connection {
  ask(question: Question): Promise<Answer>
  close(): void
}

export function connect(): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return { ask: (question) => send(question, agent), close: () => agent.destroy() }
}

/** Asks once, on a connection of its own. */
export async function ask(question: Question): Promise<Answer> {
  const connection = connect()
  try {
    return await connection.ask(question)
  } finally {
    connection.close()
  }
}

export const basic = (pin: string): string => `Basic ${Buffer.from(`:${pin}`).toString('base64')}`

export function headersOf({ pin, headers, body }: Question): Record<string, string> {
  return {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(pin === undefined ? {} : { authorization: basic(pin) }),
    ...headers,
  }
}

export const bodyOf = ({ body }: Question): string | undefined =>
  typeof body === 'object' ? JSON.stringify(body) : body

function send(question: Question, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      question.url,
      { method: question.method, headers: headersOf(question), agent },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    asked.on('error', reject)
    asked.end(bodyOf(question))
  })
}
