import { afterAll, beforeAll, expect, test } from 'vitest'
import { chainOf } from './accounts-chain.ts'
import { type AccountsWorld, fundRelayers, newKey, personOf, signedIn, startAccounts } from './accounts-world.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts()
})
afterAll(() => world[Symbol.asyncDispose]())

const soon = { timeout: 30_000, interval: 300 }
const addressesIn = (output: string) =>
  [...output.matchAll(/^local (0x[0-9a-fA-F]{40}) (\w+) balance (\d+) out (\d+)$/gm)].map(
    ([, address = '', state, balance, out]) => ({ address, state, balance: BigInt(balance ?? '-1'), out }),
  )
const run = async (...given: [string, ...string[]]) => {
  const { code, output } = await world.app.run(...given)
  return { code, output }
}
const payers = async () => addressesIn((await run('list-relayers')).output)

test('a gas key is replaced while people sign up: the new one wants money, then it pays, and the old one is emptied', async () => {
  const [old] = await payers()
  expect(old).toMatchObject({ state: 'active', out: '0' })
  const asked = await run('replace-relayer', 'local')
  const [, address = ''] = /^local (0x[0-9a-fA-F]{40}) wants \d+ wei/m.exec(asked.output) ?? []
  expect([asked.code, address === old?.address]).toEqual([0, false])
  const before = await personOf(world).settle()
  expect(before.account.addresses).toHaveLength(1)

  await fundRelayers(world)
  expect((await run('replace-relayer', 'local')).output).toContain(`local ${address} pays from now on`)
  const after = await personOf(world).settle()
  const { addresses } = after.account
  expect(await chainOf(world).readAccount(addresses[0]?.address ?? '')).toMatchObject({ isGenuine: true })
  expect((await payers()).map((one) => [one.address, one.state])).toEqual([
    [address, 'active'],
    [old?.address, 'retired'],
  ])
  const paid = await world.app.sql(`
    select '0x' || encode(r.address, 'hex') as payer, count(*)::int as paid
      from chains.transactions as t join chains.relayers as r on r.id = t.relayer_id group by 1`)
  expect(new Set(paid.map((row) => JSON.stringify(row)))).toEqual(
    new Set([old?.address, address].map((payer) => JSON.stringify({ payer, paid: 1 }))),
  )

  const emptied = await run('empty-relayer', 'local', old?.address ?? '')
  expect([emptied.code, /sent \d{18,} wei/.test(emptied.output)]).toEqual([0, true])
  const left = (await payers()).find((one) => one.address === old?.address)
  expect((left?.balance ?? 0n) < 10n ** 15n).toBe(true)
})

test('what cannot be is said, and changes nothing', async () => {
  const standing = await payers()
  const [active] = standing
  const wrong: [string, ...string[]][] = [
    ['replace-relayer', 'polygon-amoy'],
    ['empty-relayer', 'local', active?.address ?? ''],
    ['empty-relayer', 'local', '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'],
  ]
  for (const given of wrong) expect((await run(...given)).code).not.toBe(0)
  expect(await payers()).toEqual(standing)
  const [ann, phone] = [personOf(world), newKey()]
  expect(signedIn(await ann.signUp(phone)).account.addresses).toHaveLength(1)
  await expect.poll(async () => (await ann.signIn(phone)).status, soon).toBe(200)
})
