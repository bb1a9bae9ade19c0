import { ProviderUnavailable } from './provider-unavailable.ts'

const TIMEOUT_MS = 5_000
const MOST_BYTES = 65_536

export interface FormAnswer {
  readonly status: number
  /** `undefined` where it is no JSON. */
  readonly body: unknown
}

/**
 * Posts a form and reads a small JSON answer, within 5 seconds and 64 KiB. No redirect is followed: a code and a client’s
 * secret go where they were configured to go.
 * @throws ProviderUnavailable where nothing came, or more than that.
 */
export async function postForm(
  url: URL,
  { form, authorization }: { readonly form: URLSearchParams; readonly authorization?: string },
): Promise<FormAnswer> {
  const headers = { accept: 'application/json', ...(authorization !== undefined && { authorization }) }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const answer = await fetch(url, { method: 'POST', body: form, headers, redirect: 'manual', signal })
    return { status: answer.status, body: parse(await readAll(answer)) }
  } catch (error) {
    throw error instanceof ProviderUnavailable ? error : new ProviderUnavailable(codeOf(error))
  }
}

async function readAll({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > MOST_BYTES) throw new ProviderUnavailable('too-large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** `fetch` hides the system's code in a cause. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'ETIMEDOUT'
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}
