import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { Secret } from '@strongroom/crypto'
import { type Binding, openKeystore, provisionKeys } from '@strongroom/hsm'
import { shimFaults, softToken } from '@strongroom/hsm/testing'
import { MAC_USE, tenant } from './token.ts'

/** What this process is asked, by its parent: how slow the token is from now on, and to work. */
export type ExecutorAsk =
  | { readonly ask: 'delay'; readonly milliseconds: number }
  | { readonly ask: 'work'; readonly operation: 'mac' | 'open-locked'; readonly seconds: number }

export interface Worked {
  readonly perSecond: number
  /** Share of the time in which this process's event loop was not waiting. */
  readonly busy: number
}

// A service with a token of a certain latency, worked with inline or in a process of its own.
const executor = process.env['BENCH_EXECUTOR'] === 'process' ? 'process' : 'inline'
const sessions = Number(process.env['BENCH_SESSIONS'])
const callers = Number(process.env['BENCH_CALLERS'])
const token = await softToken({ through: 'fault-shim' })
const device = shimFaults(token.module)
const needs = [
  { job: 'seal', use: '' },
  { job: 'mac', use: 'lock' },
  { job: 'mac', use: MAC_USE },
] as const
const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
const keystore = await openKeystore({ ...token, ...tenant, keys, executor, sessions })
const id = '3f0c1de2-7f2c-4b1a-9c36-0c55b1f0a001'
const binding: Binding = { table: 'pin_keys.keys', row: id, owner: id, purpose: 'encryption-key', version: 1 }
const request = { binding, factor: new Secret('1234') }
const locked = await keystore.issueLockedKey(request)
const message = new Uint8Array(64)
const operations = {
  mac: () => keystore.mac(MAC_USE, message),
  'open-locked': () => keystore.openLockedKey(request, locked),
}

process.on('exit', () => void token.remove())
process.on('disconnect', () => process.exit(0))
process.on('message', (asked: ExecutorAsk) => {
  if (asked.ask === 'delay') {
    device.delay(asked.milliseconds)
    process.send?.({ delay: asked.milliseconds })
  } else void work(operations[asked.operation], asked.seconds).then((worked) => process.send?.({ work: worked }))
})
process.send?.({ ready: true })

async function work(operation: () => Promise<unknown>, seconds: number): Promise<Worked> {
  const before = performance.eventLoopUtilization()
  const started = performance.now()
  const over = started + seconds * 1000
  const done = await Promise.all(Array.from({ length: callers }, () => repeat(operation, over)))
  const { utilization: busy } = performance.eventLoopUtilization(before)
  return { perSecond: (done.reduce((sum, each) => sum + each) / (performance.now() - started)) * 1000, busy }
}

async function repeat(operation: () => Promise<unknown>, over: number): Promise<number> {
  let done = 0
  while (performance.now() < over) {
    await operation()
    done++
    // What is computed inline never gives way by itself.
    if (executor === 'inline' && done % 50 === 0) await turn()
  }
  return done
}
