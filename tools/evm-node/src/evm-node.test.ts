import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type EvmNodeOptions, findAnvil, startEvmNode } from './index.ts'

const begin = async (options?: EvmNodeOptions) => {
  const node = await startEvmNode(options)
  onTestFinished(() => node.close())
  return node
}

const place = () => {
  const folder = mkdtempSync(join(tmpdir(), 'evm-node-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** A signature of P-256 that holds: digest, r, s, x, y, of the vectors of EIP-7951. */
const p256 = `0x${[
  '4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d',
  'a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac',
  '36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60',
  '4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3',
  '7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e',
].join('')}`

const native = (node: { ask(method: string, ...params: unknown[]): Promise<unknown> }) =>
  node.ask('eth_call', { to: `0x${'100'.padStart(40, '0')}`, data: p256 }, 'latest')

test('it answers for the chain that was asked for, and owns nothing that everybody has a key of', async () => {
  const node = await begin({ chainId: 80_001 })
  expect(await node.ask('eth_chainId')).toBe('0x13881')
  expect(await node.ask('eth_accounts')).toEqual([])
})

test('osaka verifies P-256 natively, prague does not', async () => {
  expect(BigInt((await native(await begin())) as string)).toBe(1n)
  expect(await native(await begin({ hardfork: 'prague' }))).toBe('0x')
})

test('it mines by hand, replaces blocks as a fork that won, and gives money', async () => {
  const node = await begin({ mining: 'by-hand' })
  const before = await node.ask('eth_getBlockByNumber', 'latest', false)
  await node.mine(3)
  expect(await node.ask('eth_blockNumber')).toBe('0x3')
  const third = await node.ask('eth_getBlockByNumber', '0x3', false)
  await node.reorg(2)
  expect(await node.ask('eth_getBlockByNumber', '0x3', false)).not.toEqual(third)
  expect(await node.ask('eth_getBlockByNumber', '0x0', false)).toEqual(before)
  await node.fund('0x000000000000000000000000000000000000bEEF', 7n)
  expect(await node.ask('eth_getBalance', '0x000000000000000000000000000000000000bEEF', 'latest')).toBe('0x7')
})

test('a chain is kept from one start to the next, where it is wanted, and its clock goes on', async () => {
  const state = join(place(), 'chain.json')
  const first = await begin({ state, mining: 'by-hand' })
  await first.mine(5)
  await first.close()
  const again = await begin({ state, mining: 'by-hand' })
  expect(await again.ask('eth_blockNumber')).toBe('0x5')
  await again.close()
  expect(await (await begin({ state })).ask('eth_blockNumber')).toBe('0x6')
})

test('a busy port is no obstacle', async () => {
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const { port } = busy.address() as AddressInfo
  const node = await begin({ port })
  busy.close()
  expect(node.port).not.toBe(port)
  expect(await node.ask('eth_blockNumber')).toBe('0x0')
})

test('what it says goes to a file that only its owner may read', async () => {
  const log = join(place(), 'anvil.log')
  await (await begin({ log })).close()
  expect(readFileSync(log, 'utf8')).toContain('Listening on')
  expect(statSync(log).mode & 0o777).toBe(0o600)
})

test.each(['exit', 'SIGKILL'])('it ends with who started it: %s', async (how) => {
  const script = `
    const { startEvmNode } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))})
    const { url } = await startEvmNode()
    console.log(url)
    ${how === 'exit' ? '' : 'setInterval(() => undefined, 1000)'}`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(starter.stdout, 'data')) as [Buffer]
  const url = line.toString('utf8').trim()
  if (how === 'SIGKILL') starter.kill('SIGKILL')
  const lives = () =>
    fetch(url).then(
      () => true,
      () => false,
    )
  await expect.poll(lives).toBe(false)
})

test('where there is no binary, or it does not start, you read why', async () => {
  expect(findAnvil({ STRONGROOM_ANVIL: '/opt/anvil' })).toBe('/opt/anvil')
  process.env['STRONGROOM_ANVIL'] = '/bin/false'
  try {
    await expect(startEvmNode()).rejects.toThrow('anvil did not start')
    process.env['STRONGROOM_ANVIL'] = '/nowhere/anvil'
    await expect(startEvmNode()).rejects.toThrow('ENOENT')
  } finally {
    delete process.env['STRONGROOM_ANVIL']
  }
  const { platform } = process
  Object.defineProperty(process, 'platform', { value: 'plan9' })
  try {
    await expect(startEvmNode()).rejects.toThrow('no anvil for plan9')
  } finally {
    Object.defineProperty(process, 'platform', { value: platform })
  }
})
