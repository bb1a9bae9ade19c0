import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { soon } from './evm-world.ts'
import { type Begun, begin } from './relay-begin.ts'
import { planOf } from './relay-world.ts'

/** A process that works on that chain. */
async function otherProcess({ world, chain }: Begun, dies = '') {
  const child = spawn(
    process.execPath,
    ['--conditions=@strongroom/source', join(import.meta.dirname, 'relay-process.ts')],
    {
      env: {
        PATH: process.env['PATH'],
        RELAY_DATABASE: world.url,
        RELAY_SETTING: JSON.stringify(chain.relayed.setting, (_key, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        ),
        RELAY_DIES: dies,
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  await once(child, 'message')
  return { child, ended }
}

interface Point {
  readonly point: string
  /** Where it is killed from outside: at the nth call of a method, before the node hears of it or before its answer is heard. */
  readonly at?: { readonly method: string; readonly nth: number; readonly fate: 'away' | 'lose-answer' }
}

const at = (method: string, nth: number, fate: 'away' | 'lose-answer') => ({ at: { method, nth, fate } })
const points: readonly Point[] = [
  { point: 'before it takes a nonce', ...at('eth_estimateGas', 1, 'away') },
  { point: 'before it signs' },
  { point: 'when it signed' },
  { point: 'before the node has the bytes', ...at('eth_sendRawTransaction', 1, 'away') },
  { point: 'when the node has the bytes', ...at('eth_sendRawTransaction', 1, 'lose-answer') },
  { point: 'when the node has some of the bytes', ...at('eth_sendRawTransaction', 2, 'lose-answer') },
  { point: 'before it settles', ...at('eth_getTransactionReceipt', 1, 'away') },
  { point: 'between two ends', ...at('eth_getTransactionReceipt', 2, 'lose-answer') },
]

/** Has the road kill whoever asks at that point. */
function killAt({ road }: Begun, { method, nth, fate }: NonNullable<Point['at']>) {
  const victim: { child?: ChildProcess } = {}
  let calls = 0
  road.decide((question) => {
    if (question.method !== method || ++calls !== nth) return 'forward'
    // The node may have had the bytes: it is the process that never hears.
    setTimeout(() => victim.child?.kill('SIGKILL'), fate === 'away' ? 0 : 50)
    return fate
  })
  return victim
}

test.each(points)('killed $point: every deployment stands once, and no nonce is lost', async ({ point, at: where }) => {
  const begun = await begin()
  const { evm, world, chain, road, relayer, states } = begun
  const plans = [planOf(), planOf(), planOf()]
  const ids: string[] = []
  for (const plan of plans) ids.push(await world.queue(chain, plan))
  const victim = where ? killAt(begun, where) : {}
  const { child, ended } = await otherProcess(begun, point)
  victim.child = child
  const [, signal] = (await ended) as [unknown, string]
  expect(signal).toBe('SIGKILL')
  road.mend()
  const worker = world.work([chain])
  onTestFinished(() => worker.stop())
  await expect.poll(() => states(ids), soon).toEqual(['succeeded', 'succeeded', 'succeeded'])
  const nonces = await Promise.all(ids.map(async (id) => (await world.read(id)).nonce))
  expect(new Set(nonces)).toEqual(new Set([0, 1, 2]))
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(3)
  for (const plan of plans) expect(await begun.stands(chain, chain.addressOf(plan))).toBe(true)
})

test('several processes at once: every deployment stands once, in as many transactions as there are deployments', async () => {
  const begun = await begin()
  const { evm, world, chain, relayer, states } = begun
  await Promise.all([otherProcess(begun), otherProcess(begun)])
  const worker = world.work([chain])
  onTestFinished(() => worker.stop())
  const ids = await Promise.all(Array.from({ length: 60 }, () => world.queue(chain)))
  await expect.poll(async () => (await states(ids)).filter((state) => state === 'succeeded').length, soon).toBe(60)
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(60)
})
