import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Answer, answer } from './answers.ts'
import { openChain, type Outcome, Rejected } from './chain.ts'
import { type Account, openLedger } from './ledger.ts'
import { isFromHere, listen, readJson } from './local-server.ts'
import { newKey } from './scripts.ts'
import { transactionShape } from './transaction.ts'

/** 503, or no answer at all. */
export type FailureMode = 'unavailable' | 'hang'
/** Of the next transaction: taken and forgotten; or taken, and the answer lost. */
export type Mishap = 'drop' | 'lose-answer'

export interface FlowStubOptions {
  /** Taken when it is free; any other free one else. */
  readonly port?: number
  /** Where accounts and blocks are kept (0600). Without it they last as long as the stub. */
  readonly stateDir?: string
}

export interface FlowStub {
  /** `http://127.0.0.1:4021`: `/v1` is below it. */
  readonly url: string
  /**
   * An account that stands, such as one that pays; at an address of one’s choice where nothing stands there yet. Answers
   * its address, sixteen digits.
   */
  addAccount(keys: readonly { readonly publicKey: Uint8Array; readonly weight: number }[], address?: string): string
  account(address: string): Account | undefined
  /** Every transaction that was taken, and what became of it. */
  outcomes(): Outcome[]
  /** Makes so many blocks; the first runs what waits. */
  advance(blocks: number): void
  /** Whether each transaction gets a block at once; otherwise it waits for `advance`. */
  mine(mode: 'at once' | 'by hand'): void
  /** Blocks from running to sealed. */
  lag(blocks: number): void
  fail(mode: FailureMode | 'none'): void
  meetWith(mishap: Mishap): void
  close(): Promise<void>
}

/** Starts a stub of Flow’s Access API, on 127.0.0.1 only. It is no network, and says so. */
export async function startFlowStub({ port = 0, stateDir }: FlowStubOptions = {}): Promise<FlowStub> {
  const path = stateDir === undefined ? undefined : join(stateDir, 'flow.json')
  const ledger = openLedger(path !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : undefined)
  const chain = openChain(ledger)
  let failing: FailureMode | 'none' = 'none'
  let mining: 'at once' | 'by hand' = 'at once'
  let mishap: Mishap | undefined

  function advance(blocks: number): void {
    chain.advance(blocks)
    if (path !== undefined) write(path, ledger.save())
  }

  function submit(body: unknown): Answer | 'lost' {
    const transaction = transactionShape.safeParse(body)
    if (!transaction.success) return refused('invalid transaction')
    const happening = mishap
    mishap = undefined
    try {
      const id = chain.submit(transaction.data, happening === 'drop' ? 'forget' : 'keep')
      if (mining === 'at once') advance(1)
      return happening === 'lose-answer' ? 'lost' : { status: 201, body: { id } }
    } catch (error) {
      if (error instanceof Rejected) return refused(error.message)
      throw error
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isFromHere(request)) return void response.writeHead(403).end()
    const body = await readJson(request)
    if (failing === 'hang') return
    if (failing === 'unavailable') return void response.writeHead(503).end()
    const url = new URL(request.url ?? '', 'http://127.0.0.1')
    const isPost = request.method === 'POST' && url.pathname === '/v1/transactions'
    const said = isPost ? submit(body) : answer(chain, url)
    if (said === 'lost') return void request.socket.destroy()
    response.writeHead(said?.status ?? 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(said?.body ?? {}))
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.writeHead(400).end())
  })
  const url = `http://127.0.0.1:${String(await listen(server, port))}`
  return {
    url,
    addAccount(keys, wanted) {
      if (wanted !== undefined && ledger.account(wanted, ledger.newest.height)) return wanted
      const made = keys.map(({ publicKey, weight }) =>
        newKey({ publicKey: Buffer.from(publicKey).toString('hex'), weight }),
      )
      const { address } = ledger.create(made, wanted)
      advance(1)
      return address
    },
    account: (address) => chain.account(address.replace(/^0x/, ''), chain.sealed.height),
    outcomes: () => chain.outcomes(),
    advance,
    mine: (mode) => void (mining = mode),
    lag: (blocks) => chain.lag(blocks),
    fail: (mode) => void (failing = mode),
    meetWith: (next) => void (mishap = next),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const refused = (message: string): Answer => ({ status: 400, body: { code: 400, message } })

/** Whoever reads it finds the old text or the new one, never half of it. */
function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  const unfinished = `${path}.${String(process.pid)}`
  writeFileSync(unfinished, text, { mode: 0o600 })
  renameSync(unfinished, path)
}
