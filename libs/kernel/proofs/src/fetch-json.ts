/** What `fetch` does; a parameter for tests, whose servers have other addresses than the URLs say. */
export type Fetch = (url: URL, options: RequestInit) => Promise<Response>

const TIMEOUT_MS = 5_000
const MOST_BYTES = 131_072

/** Nothing usable came from there. `passing`: trying again may help. The code is short and ours: no word of the answer. */
export class FetchFailed extends Error {
  override readonly name = 'FetchFailed'
  readonly code: string
  readonly passing: boolean

  constructor(code: string, passing: boolean) {
    super(`nothing usable was fetched (${code})`)
    this.code = code
    this.passing = passing
  }
}

/**
 * A small JSON document, within 5 seconds and 128 KiB. No redirect is followed: the other side must not be able to
 * point us at our own network.
 * @throws FetchFailed
 */
export async function fetchJson(url: URL, fetch: Fetch = globalThis.fetch): Promise<unknown> {
  const options: RequestInit = {
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { accept: 'application/json' },
  }
  try {
    return parseJson(await readAll(await fetch(url, options)))
  } catch (error) {
    throw error instanceof FetchFailed ? error : new FetchFailed(codeOf(error), true)
  }
}

async function readAll({ status, body }: Response): Promise<Buffer> {
  if (status !== 200) {
    await body?.cancel()
    throw new FetchFailed(`http-${String(status)}`, status >= 500 || [408, 425, 429].includes(status))
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > MOST_BYTES) throw new FetchFailed('too-large', false)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    throw new FetchFailed('not-json', false)
  }
}

/** `fetch` hides the system's code in a cause. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'ETIMEDOUT'
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}
