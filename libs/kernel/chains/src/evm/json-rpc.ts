import { z } from 'zod'
import { ChainUnavailable } from '../chain-unavailable.ts'
import { isAnswer } from './node-words.ts'

/** The node answered, and its answer was no. `message` is the node's: it may quote what was sent, and is not logged. */
export class NodeRefused extends Error {
  override readonly name = 'NodeRefused'
  readonly code: string

  constructor(code: number, message: string) {
    super(message)
    this.code = `rpc${String(code)}`
  }
}

export type Rpc = <Shape extends z.ZodType>(
  shape: Shape,
  method: string,
  params: readonly unknown[],
) => Promise<z.output<Shape>>

const answer = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.int(), message: z.string() }).optional(),
})

/** Codes that say “not now”, unless the words are an answer: limits of a provider, and trouble of its own. */
const passing = new Set([-32_005, -32_603, 429])

/**
 * JSON-RPC over HTTP, each call with a deadline.
 * @throws ChainUnavailable where the node does not answer as one; NodeRefused where it says no.
 */
export function openRpc(url: string, deadlineMs = 10_000): Rpc {
  return async (shape, method, params) => {
    const { result, error } = await post(url, { body: { jsonrpc: '2.0', id: 1, method, params }, deadlineMs })
    if (error && passing.has(error.code) && !isAnswer(error)) throw new ChainUnavailable(`rpc${String(error.code)}`)
    if (error) throw new NodeRefused(error.code, error.message)
    const parsed = shape.safeParse(result)
    if (!parsed.success) throw new ChainUnavailable('another_answer')
    return parsed.data
  }
}

async function post(url: string, { body, deadlineMs }: { body: unknown; deadlineMs: number }) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(deadlineMs),
    })
    const text = await response.text()
    if (!response.ok) throw new ChainUnavailable(`http_${String(response.status)}`)
    return answer.parse(JSON.parse(text))
  } catch (error) {
    // The error of `fetch` names the URL, and that may hold a key.
    if (error instanceof ChainUnavailable) throw error
    // oxlint-disable-next-line eslint/preserve-caught-error
    throw new ChainUnavailable(codeOf(error))
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'ETIMEDOUT'
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : error.name
  return /^\w{1,40}$/.test(code) ? code : 'unknown'
}
