import type { z } from 'zod'
import { ChainUnavailable } from '../chain-unavailable.ts'
import * as shapes from './access-shapes.ts'
import type { BareAddress } from './address.ts'

export interface AccessOptions {
  /** Without `/v1`. */
  readonly url: string
  /** What the node must say that it is of: `flow-mainnet`, `flow-testnet`. */
  readonly network: string
  readonly fetch?: typeof fetch
  /** Milliseconds that an answer may take. */
  readonly deadline?: number
}

export interface Block {
  readonly id: string
  readonly height: number
}
export type AccessAccount = z.output<typeof shapes.account>
export type AccountKey = AccessAccount['keys'][number]
export type Result = z.output<typeof shapes.result>

/** What we ask of the Access API (REST). Every method throws `ChainUnavailable` where no node of our network answers. */
export interface AccessApi {
  sealedBlock(): Promise<Block>
  block(id: string): Promise<Block | undefined>
  /** As it stood in the block of that height. */
  accountAt(address: BareAddress, height: number | 'sealed'): Promise<AccessAccount | undefined>
  resultOf(hash: string): Promise<Result | undefined>
  /** Whether the node took it. A transaction that it knows already is taken. */
  send(body: string): Promise<boolean>
}

const MOST_BYTES = 4 * 1024 * 1024

export function openAccessApi({ url, network, fetch: ask = fetch, deadline = 10_000 }: AccessOptions): AccessApi {
  const base = url.replace(/\/$/, '')
  let isOurs: Promise<void> | undefined

  async function call(path: string, body?: string): Promise<{ status: number; text: string }> {
    const wish: RequestInit = { redirect: 'error', signal: AbortSignal.timeout(deadline) }
    const post = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } }
    try {
      const answer = await ask(`${base}/v1${path}`, { ...wish, ...post })
      const text = await readText(answer)
      if (answer.status >= 500 || answer.status === 429) throw new ChainUnavailable(`http_${String(answer.status)}`)
      return { status: answer.status, text }
    } catch (error) {
      throw error instanceof ChainUnavailable ? error : new ChainUnavailable(nameOf(error))
    }
  }

  /** A node of another network would know other accounts under our addresses. */
  async function checkNetwork(): Promise<void> {
    const { status, text } = await call('/network/parameters')
    if (parse(shapes.parameters, { status, text }).chain_id !== network) throw new ChainUnavailable('other_chain')
  }

  async function get<Shape extends z.ZodType>(shape: Shape, path: string): Promise<z.output<Shape> | undefined> {
    await ready()
    const answer = await call(path)
    return answer.status === 404 ? undefined : parse(shape, answer)
  }

  async function ready(): Promise<void> {
    isOurs ??= checkNetwork()
    try {
      await isOurs
    } catch (error) {
      isOurs = undefined
      throw error
    }
  }

  return {
    async sealedBlock() {
      const found = await get(shapes.blocks, '/blocks?height=sealed')
      if (!found?.[0]) throw new ChainUnavailable('no_block')
      return found[0].header
    },
    block: async (id) => (await get(shapes.blocks, `/blocks/${id}`))?.[0]?.header,
    accountAt: (address, height) =>
      get(shapes.account, `/accounts/${address}?block_height=${String(height)}&expand=keys`),
    resultOf: (hash) => get(shapes.result, `/transaction_results/${hash}`),
    async send(body) {
      await ready()
      const { status, text } = await call('/transactions', body)
      // What is wrong with it may pass, such as an empty purse; whether it can still run is asked of the chain.
      if (status === 400) return false
      parse(shapes.sent, { status, text })
      return true
    },
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > MOST_BYTES) throw new ChainUnavailable('too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse<Shape extends z.ZodType>(
  shape: Shape,
  { status, text }: { status: number; text: string },
): z.output<Shape> {
  if (status !== 200 && status !== 201) throw new ChainUnavailable(`http_${String(status)}`)
  const read = shape.safeParse(jsonOf(text))
  if (!read.success) throw new ChainUnavailable('not_flow')
  return read.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Names only: a message may hold an address with a key of the node in it. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : error.name
  return /^[A-Za-z_]{1,40}$/.test(code) ? code : 'network'
}
