export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

interface Asked {
  readonly ip?: string
  readonly pollToken?: string
  readonly body?: object
}

export interface Opened {
  readonly sessionId: string
  readonly shortCode: string
}

export const publicKey = 'pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk='

/** A relay as its clients see it. A caller that is not named has an address that nobody had before. */
export interface Relay {
  ask(method: string, path: string, asked?: Asked): Promise<Answer>
  open(body?: object, ip?: string): Promise<Answer>
  /** A session that was opened. */
  begin(body?: object): Promise<Opened>
  look(lookup: string, asked?: Asked): Promise<Answer>
  approve(sessionId: string, body: object): Promise<Answer>
  close(): void
}

let callers = 0

export function relayAt(base: string): Omit<Relay, 'close'> {
  const ask: Relay['ask'] = async (method, path, { ip, pollToken, body } = {}) => {
    const caller = ip ?? `10.0.${String(callers >> 8)}.${String(callers++ & 255)}`
    const headers = {
      'x-forwarded-for': caller,
      ...(pollToken !== undefined && { 'x-poll-token': pollToken }),
      ...(body && { 'content-type': 'application/json' }),
    }
    const answer = await fetch(`${base}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    return { status: answer.status, body: (await answer.json()) as Answer['body'] }
  }
  const open: Relay['open'] = (body = { publicKey }, ip) =>
    ask('POST', '/session', { body, ...(ip !== undefined && { ip }) })
  return {
    ask,
    open,
    async begin(body = {}) {
      const opened = await open({ publicKey, ...body })
      if (opened.status !== 200) throw new Error(`no session was opened: ${String(opened.status)}`)
      return { sessionId: String(opened.body['sessionId']), shortCode: String(opened.body['shortCode']) }
    },
    look: (lookup, asked) => ask('GET', `/session/${lookup}`, asked),
    approve: (sessionId, body) => ask('POST', `/session/${sessionId}/approve`, { body }),
  }
}

export const statusOf = async (answer: Promise<Answer>): Promise<number> => (await answer).status

/** Status and title: what a client sees of a refusal. */
export async function toldBy(answer: Promise<Answer>): Promise<readonly unknown[]> {
  const { status, body } = await answer
  return [status, body['title']]
}

export const count = <T>(found: readonly T[], wanted: T): number => found.filter((one) => one === wanted).length
