/** A `fetch` that answers in turn, and keeps what it was asked. */
export interface Asked {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly options: RequestInit
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export function answering(...answers: readonly Answer[]): { fetch: typeof globalThis.fetch; asked: Asked[] } {
  const asked: Asked[] = []
  const left = [...answers]
  const fetch: typeof globalThis.fetch = (url, options = {}) => {
    const { method = 'GET', headers, body } = options
    asked.push({
      url: url instanceof Request ? url.url : url.toString(),
      method,
      headers: headers as Record<string, string>,
      body: typeof body === 'string' ? (JSON.parse(body) as unknown) : undefined,
      options,
    })
    const next = left.shift() ?? { status: 599 }
    const text = typeof next.body === 'string' ? next.body : JSON.stringify(next.body)
    return Promise.resolve(new Response(next.status === 204 ? null : text, { ...next }))
  }
  return { fetch, asked }
}
