import { spawn } from 'node:child_process'
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

/** Methods at which a process dies, before the node hears of it or before it hears the answer. */
const points = [
  ['before it takes a nonce', 'eth_estimateGas', 'away', 1],
  ['before it signs', undefined, undefined, 0],
  ['when it signed', undefined, undefined, 0],
  ['before the node has the bytes', 'eth_sendRawTransaction', 'away', 1],
  ['when the node has the bytes', 'eth_sendRawTransaction', 'lose-answer', 1],
  ['when the node has some of the bytes', 'eth_sendRawTransaction', 'lose-answer', 2],
  ['before it settles', 'eth_getTransactionReceipt', 'away', 1],
  ['between two ends', 'eth_getTransactionReceipt', 'lose-answer', 2],
] as const

test.each(points)('killed %s: every deployment stands once, and no nonce is lost', async (point, method, fate, nth) => {
  const begun = await begin()
  const { evm, world, chain, road, relayer, states } = begun
  const plans = [planOf(), planOf(), planOf()]
  const ids: string[] = []
  for (const plan of plans) ids.push(await world.queue(chain, plan))
  let calls = 0
  let child: Awaited<ReturnType<typeof otherProcess>>['child'] | undefined
  if (method)
    road.decide((question) => {
      if (question.method !== method || ++calls !== nth) return 'forward'
      // The node may have had the bytes: it is the process that never hears.
      setTimeout(() => child?.kill('SIGKILL'), fate === 'away' ? 0 : 50)
      return fate
    })
  const other = await otherProcess(begun, point)
  child = other.child
  const [, signal] = (await other.ended) as [unknown, string]
  expect(signal).toBe('SIGKILL')
  road.mend()
  const worker = world.work([chain])
  onTestFinished(() => worker.stop())
  await expect.poll(() => states(ids), soon).toEqual(['succeeded', 'succeeded', 'succeeded'])
  const nonces = await Promise.all(ids.map(async (id) => (await world.read(id)).nonce))
  expect(nonces.toSorted()).toEqual([0, 1, 2])
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
