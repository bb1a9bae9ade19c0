import { once } from 'node:events'
import { Socket } from 'node:net'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { encodeFrame, FrameReader } from './frame.ts'
import { CONTROL, PATIENCE_MS } from './protocol.ts'
import type { SessionNews, SessionPost } from './session-thread.ts'
import type { StartNews } from './start-order.ts'
import type { TokenNews, TokenPost } from './token-thread.ts'
import { makeTurns } from './turns.ts'
import type { WireValue } from './wire-value.ts'

// The process that holds the token: one thread logs in, others have a session each, and this one never calls the module,
// so that it notices the parent's end while all the others hang.

const die = (): never => process.kill(process.pid, 'SIGKILL') as never
const control = new Socket({ fd: CONTROL, readable: true, writable: true })
const tell = (news: StartNews) => control.write(encodeFrame(0, news as unknown as WireValue))
const reader = new FrameReader()
const turns = makeTurns()

// Who stops the service stops its whole group: calls in flight are to end first. The parent's end is the signal here.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
control.on('error', die)
control.on('close', () => setTimeout(die, PATIENCE_MS))
control.on('data', (piece: Buffer) => {
  for (const { bytes } of reader.take(piece)) start(bytes)
})

function start(order: Buffer): void {
  const bytes = order as Buffer<ArrayBuffer>
  const token = startThread('token-thread', { order: bytes, turns } satisfies TokenPost, [bytes.buffer])
  token.on('message', ({ news, others }: TokenNews) => {
    tell(news)
    if (others !== undefined) void workBeside(token, others)
  })
}

/** One after the other: each costs the processor that the first is answering on. A token that gives fewer is used in fewer. */
async function workBeside(token: Worker, { shared, wished }: NonNullable<TokenNews['others']>): Promise<void> {
  const ended: Promise<unknown>[] = []
  const post: SessionPost = { shared, turns }
  const closed = new AbortController()
  for (let sessions = 1; ended.length < wished && !closed.signal.aborted; sessions++) {
    const thread = startThread('session-thread', post)
    ended.push(once(thread, 'exit').then(() => closed.abort()))
    const [news] = (await once(thread, 'message')) as [SessionNews]
    if (news === 'refused') break
    tell({ told: 'sessions', sessions: sessions + 1 })
  }
  await Promise.all(ended)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have none
  token.postMessage('end')
  await once(token, 'exit')
  process.exit(0)
}

function startThread(name: string, workerData: unknown, transferList: ArrayBuffer[] = []): Worker {
  const entry = new URL(`./${name}${extname(import.meta.filename)}`, import.meta.url)
  const thread = new Worker(entry, { workerData, transferList })
  thread.on('error', (error: unknown) => {
    process.stderr.write(`a thread of the HSM's process failed: ${error instanceof Error ? error.name : 'unknown'}\n`)
    die()
  })
  return thread
}
