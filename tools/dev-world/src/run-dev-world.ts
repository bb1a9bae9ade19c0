import { setTimeout as delay } from 'node:timers/promises'
import type { App } from './apps.ts'
import { takeLock } from './instance-lock.ts'
import { readOptions } from './options.ts'
import { makePrivateDirectory, type Places } from './places.ts'
import { onReaderGone, say } from './report.ts'
import { summarise } from './summary.ts'
import { startWorld } from './world.ts'
import { readWorldFile } from './world-file.ts'

export interface DevWorld {
  readonly argv: string[]
  readonly apps: readonly App[]
  readonly places: Places
}

/** `npm start`: returns the exit code when everything is down again. */
export async function runDevWorld({ argv, apps: known, places }: DevWorld): Promise<number> {
  const options = readOptions(argv, known)
  if (typeof options === 'string') return complain(options)
  const module = process.env['PKCS11_MODULE']
  if (!module) return complain('PKCS11_MODULE must name the SoftHSM module: `npm start` sees to that.')
  makePrivateDirectory(places.home)
  const lock = takeLock(places)
  if ('heldBy' in lock) return showRunning(places, lock.heldBy)

  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
  onReaderGone(() => stopping.abort())
  // Who started us holds the other end of the channel, if there is one.
  process.on('disconnect', () => stopping.abort())
  await using stack = new AsyncDisposableStack()
  stack.defer(() => lock.release())
  try {
    const world = await startWorld({ places, module, say, signal: stopping.signal, apps: options.apps }, stack)
    const patience = options.once ? PATIENCE_ONCE : PATIENCE
    const allReady = await settle(world.ready, { places, signal: stopping.signal, patience })
    if (!options.once) await untilAborted(stopping.signal)
    say('stopping')
    return allReady || !options.once ? 0 : 1
  } catch (error) {
    if (stopping.signal.aborted) return 0
    return complain(error instanceof Error ? error.message : String(error))
  }
}

const PATIENCE = 60_000
/** Whoever starts it once asks whether it starts, and not how fast this machine is today. */
const PATIENCE_ONCE = 240_000

/** Waits until all apps are ready, as long as its patience at most, and prints the table either way. */
async function settle(ready: Promise<unknown>, { places, signal, patience }: Settling): Promise<boolean> {
  const cancel = new AbortController()
  const timeout = delay(patience, undefined, { signal: cancel.signal, ref: false }).catch(() => undefined)
  await Promise.race([ready, timeout, untilAborted(signal)])
  cancel.abort()
  const world = readWorldFile(places)
  if (signal.aborted || !world) return false
  const { text, allReady } = await summarise(places, world)
  console.log(text)
  return allReady
}

interface Settling {
  /** Milliseconds. */
  readonly patience: number
  readonly places: Places
  readonly signal: AbortSignal
}

async function showRunning(places: Places, pid: number): Promise<number> {
  const world = readWorldFile(places)
  console.log(`already running (process ${pid})${world ? '' : ', and still starting'}`)
  if (world) console.log((await summarise(places, world)).text)
  return 0
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })

function complain(problem: string): number {
  console.error(problem)
  return 1
}
