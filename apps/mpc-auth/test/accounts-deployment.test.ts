import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AccountsWorld, newKey, personOf, refused, signedIn, startAccounts } from './accounts-world.ts'
import { passTime } from './pass-time.ts'

const STRANGER = `0x${'a77ac4e5'.repeat(5)}`
const REVERTS = '0x60006000fd'
const soon = { timeout: 60_000, interval: 200 }

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts()
  await world.node.fund(STRANGER, 10n ** 20n)
  await world.node.ask('anvil_impersonateAccount', STRANGER)
})
afterAll(() => world[Symbol.asyncDispose]())

interface Sent {
  readonly id: string
  readonly state: string
  readonly nonce: number
  readonly target: string
  readonly calldata: string
}

const transactionsOf = (accountId: string) =>
  world.app.sql(`
    select t.id, t.state, t.nonce::int as nonce, '0x' || encode(t.target, 'hex') as target,
           '0x' || encode(t.calldata, 'hex') as calldata
      from chains.transactions as t join chain_accounts.addresses as d on d.transaction_id = t.id::text
     where d.account_id = '${accountId}'`) as unknown as Promise<readonly Sent[]>

/** Of all relayers: transactions that are in blocks. */
async function paidFor(): Promise<number> {
  const [row] = await world.app.sql(`select '0x' || encode(address, 'hex') as address from chains.relayers`)
  return Number(await world.node.ask('eth_getTransactionCount', row?.['address'], 'latest'))
}

/** Somebody signed up, and the deployment is out, and in no block. */
async function sentAndWaiting() {
  await world.node.ask('evm_setAutomine', false)
  const [ann, phone, before] = [personOf(world), newKey(), await paidFor()]
  const { account } = signedIn(await ann.signUp(phone))
  await expect.poll(async () => (await transactionsOf(account.id))[0]?.state, soon).toBe('sent')
  const [sent] = await transactionsOf(account.id)
  if (!sent) throw new Error('nothing was sent')
  const stands = () => expect.poll(async () => (await ann.signIn(phone)).status, soon).toBe(200)
  return { ann, phone, account, before, sent, stands, mined: () => world.node.ask('evm_setAutomine', true) }
}

const codeAt = (address: string) => world.node.ask('eth_getCode', address, 'latest')

test('a deployment that fails on the chain is tried again, a minute later, and stands; the one that failed is not sent twice', async () => {
  const { ann, phone, account, before, sent, stands, mined } = await sentAndWaiting()
  const factory = await codeAt(sent.target)
  await world.node.ask('anvil_setCode', sent.target, REVERTS)
  await world.node.mine()
  await expect.poll(async () => (await transactionsOf(account.id))[0]?.state, soon).toBe('failed')
  await world.node.ask('anvil_setCode', sent.target, factory)
  await mined()
  expect(refused(await ann.signIn(phone))).toEqual([400, 'PleaseDeploy'])
  expect(await paidFor()).toBe(before + 1)
  await passTime(world.app, '61 seconds')
  await stands()
  expect(await transactionsOf(account.id)).toMatchObject([{ id: sent.id, state: 'succeeded', nonce: sent.nonce + 1 }])
  expect(await paidFor()).toBe(before + 2)
})

test('what somebody else deploys for us, ahead of ours in the same block, is the account: no second one, and no second try', async () => {
  const { account, before, sent, stands, mined } = await sentAndWaiting()
  const price = `0x${(10n ** 11n).toString(16)}`
  const ahead = { from: STRANGER, to: sent.target, data: sent.calldata, gas: '0x1000000' }
  await world.node.ask('eth_sendTransaction', { ...ahead, maxFeePerGas: price, maxPriorityFeePerGas: price })
  await world.node.mine()
  await mined()
  await stands()
  await passTime(world.app, '61 seconds')
  await stands()
  expect(await transactionsOf(account.id)).toMatchObject([{ id: sent.id, state: 'succeeded', nonce: sent.nonce }])
  expect(await paidFor()).toBe(before + 1)
  const { address } = account.addresses[0] ?? { address: '' }
  const logs = (await world.node.ask('eth_getLogs', { fromBlock: '0x0', address: sent.target })) as {
    topics: readonly string[]
    transactionHash: string
  }[]
  const made = logs.filter(({ topics }) => topics[1]?.endsWith(address.slice(2).toLowerCase()))
  expect(made).toHaveLength(1)
})

test('a fork takes the block of a deployment back: it goes in again with the same bytes, and the account stands once', async () => {
  const { account, before, sent, stands, mined } = await sentAndWaiting()
  await world.node.mine()
  await expect.poll(async () => (await transactionsOf(account.id))[0]?.state, soon).toBe('succeeded')
  await world.node.reorg(1)
  await mined()
  await world.node.mine(2)
  await stands()
  // By the chain first: until the relayer looks, the row says what was true before the fork.
  await expect.poll(paidFor, soon).toBe(before + 1)
  await expect.poll(() => transactionsOf(account.id), soon).toMatchObject([{ id: sent.id, state: 'succeeded' }])
  expect((await transactionsOf(account.id))[0]?.nonce).toBe(sent.nonce)
})

test('what was sent is forgotten after ninety days, but for what an account waits for; its hash stays with the account', async () => {
  const [ann, ben] = [personOf(world), personOf(world)]
  const [settled, waiting] = [await ann.settle(), await ben.settle()]
  const [sent] = await transactionsOf(settled.account.id)
  // Of somebody who waits still, whatever became of the transaction.
  await world.app.sql(
    `update chain_accounts.addresses set state = 'pending' where account_id = '${waiting.account.id}'`,
  )
  await world.app.sql(`
    insert into chain_accounts.relayed (transaction_id, account_id, chain_name, digest)
    values ('${sent?.id ?? ''}', '${settled.account.id}', 'local', sha256('something'))`)
  await passTime(world.app, '89 days')
  await expect.poll(() => transactionsOf(settled.account.id), soon).toHaveLength(1)
  // Whose it was goes first, and the transaction with the next sweep.
  await passTime(world.app, '2 days')
  const relayed = () => world.app.sql('select transaction_id from chain_accounts.relayed')
  await expect.poll(relayed, soon).toEqual([])
  await passTime(world.app, '1 hour')
  await expect.poll(() => transactionsOf(settled.account.id), soon).toEqual([])
  expect(await transactionsOf(waiting.account.id)).toHaveLength(1)
  const { transaction } = signedIn(await ann.signIn(settled.key))
  expect(transaction?.id).toMatch(/^0x[0-9a-f]{64}$/)
})
