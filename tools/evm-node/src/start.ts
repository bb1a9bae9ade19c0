import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { type Ask, askerOf } from './ask.ts'
import { findAnvil } from './find.ts'
import { leash } from './leash.ts'

export interface EvmNodeOptions {
  /** Taken when it is free; any other free one else. */
  readonly port?: number
  /** 31337 unless said. */
  readonly chainId?: number
  /** `osaka` verifies P-256 natively (0x100), `prague` does not; `osaka` unless said. */
  readonly hardfork?: 'osaka' | 'prague'
  /** A block for each transaction at once, by hand (`mine`), or every so many seconds. `at-once` unless said. */
  readonly mining?: 'at-once' | 'by-hand' | { readonly everySeconds: number }
  /**
   * A file that the chain is kept in from one start to the next; written every second. A kept chain that mines at once has a
   * block at its start and every ten minutes, or its clock would stand still and deadlines lie behind us.
   */
  readonly state?: string
  /** A file that what it says is appended to (0600). */
  readonly log?: string
}

export interface EvmNode extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly chainId: number
  readonly ask: Ask
  /** So many blocks at once. */
  mine(blocks?: number): Promise<void>
  /** Replaces the last blocks by empty ones, as a fork that won. */
  reorg(depth: number): Promise<void>
  /** Makes an address own so much: money is free here. */
  fund(address: string, wei: bigint): Promise<void>
  /** Settles when the node ended, for whatever reason. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

/**
 * Starts anvil on 127.0.0.1, without accounts whose keys everybody knows. It ends with this process, even when that is killed.
 * @throws Error where there is no binary for this CPU, or with what it said where it did not start.
 */
export async function startEvmNode(options: EvmNodeOptions = {}): Promise<EvmNode> {
  const program = findAnvil()
  if (!program) {
    const cpu = `${process.platform}-${process.arch}`
    throw new Error(`There is no anvil for ${cpu} on npm: install Foundry and name its anvil in STRONGROOM_ANVIL.`)
  }
  const wanted = options.port ?? 0
  const first = await launch(program, wanted, options)
  // A busy port is no obstacle: any other will do.
  const isBusy = typeof first === 'string' && wanted !== 0 && first.includes('in use')
  const started = isBusy ? await launch(program, 0, options) : first
  if (typeof started === 'string') throw new Error(`anvil did not start:\n${started}`)
  const node = nodeOf(started, options)
  if (options.state !== undefined && (options.mining ?? 'at-once') === 'at-once') await keepTime(node)
  return node
}

const TICK_MS = 600_000

async function keepTime(node: EvmNode): Promise<void> {
  await node.mine()
  const ticking = setInterval(() => void node.mine().catch(() => undefined), TICK_MS).unref()
  void node.ended.then(() => clearInterval(ticking))
}

interface Started {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<void>
  readonly port: number
}

function argumentsOf(port: number, options: EvmNodeOptions): string[] {
  const { chainId = 31_337, hardfork = 'osaka', mining = 'at-once', state } = options
  const how =
    mining === 'at-once' ? [] : mining === 'by-hand' ? ['--no-mining'] : [`--block-time=${String(mining.everySeconds)}`]
  return [
    '--host=127.0.0.1',
    `--port=${String(port)}`,
    '--accounts=0',
    `--chain-id=${String(chainId)}`,
    `--hardfork=${hardfork}`,
    ...how,
    ...(state === undefined ? [] : [`--state=${state}`, '--state-interval=1']),
  ]
}

/** What it said, where it ended before it listened. */
async function launch(program: string, port: number, options: EvmNodeOptions): Promise<Started | string> {
  const child = spawn(program, argumentsOf(port, options), {
    cwd: tmpdir(),
    detached: true,
    env: { PATH: process.env['PATH'], HOME: tmpdir() },
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()).once('error', () => done()))
  const holder = child.pid === undefined ? undefined : leash(child.pid)
  void ended.then(() => holder?.release())
  child.stdin.end()
  const { log } = options
  if (log !== undefined) child.stdout.on('data', (chunk: Buffer) => appendFileSync(log, chunk, { mode: 0o600 }))
  let said = ''
  const listening = new Promise<number>((done) => {
    child.once('error', (error) => (said += error.message))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
    child.stdout.on('data', (chunk: Buffer) => {
      // What comes after the start is of no use here, and must be read all the same: the node would stop at a full pipe.
      if (said.length < 65_536) said += chunk.toString('utf8')
      const bound = /Listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (bound !== undefined) done(Number(bound))
    })
  })
  // Not its exit: what it said last, which port was in use, may be in the pipe still.
  const over = new Promise<void>((done) => child.once('close', () => done()).once('error', () => done()))
  const bound = await Promise.race([listening, over])
  return bound === undefined ? said.trim() : { child, ended, port: bound }
}

function nodeOf({ child, ended, port }: Started, { chainId = 31_337 }: EvmNodeOptions): EvmNode {
  // Tests that forget to close it must still be able to end.
  child.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref()
  const url = `http://127.0.0.1:${String(port)}`
  const ask = askerOf(url)
  const close = async () => {
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), 30_000)
    await ended
    clearTimeout(force)
  }
  return {
    url,
    port,
    chainId,
    ask,
    mine: async (blocks = 1) => void (await ask('anvil_mine', blocks)),
    reorg: async (depth) => void (await ask('anvil_reorg', depth, [])),
    fund: async (address, wei) => void (await ask('anvil_setBalance', address, `0x${wei.toString(16)}`)),
    ended,
    close,
    [Symbol.asyncDispose]: close,
  }
}
