import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ChainSeen, chainSeen } from '../src/accounts-chain.ts'
import { holdTable } from '../src/accounts-hold.ts'
import { type Ambush, openRoad, type Road } from '../src/accounts-road.ts'
import {
  type AccountsStory,
  type Device,
  killNow,
  newDevice,
  signInUntilItStands,
  startAccountsStory,
} from '../src/accounts-world.ts'
import { eventually } from '../src/eventually.ts'

let story: AccountsStory
let chain: ChainSeen
let road: Road
beforeAll(async () => {
  road = await openRoad(() => story.world.node.url)
  story = await startAccountsStory({ chain: { rpcUrl: road.url } })
  chain = chainSeen(story.world)
})
afterAll(async () => {
  await story[Symbol.asyncDispose]()
  await road[Symbol.asyncDispose]()
})

const signUp = ({ client, login, newKey }: Device) => client.signUp(login, newKey)

/** What the chain and the database say of everybody who ever signed up here. */
async function expectNoneTwice(): Promise<void> {
  const sql = (query: string) => story.world.app.sql(query)
  // The account may be seen to stand before the receipt is.
  await eventually('what was sent is written down', async () => {
    const [open] = await sql(`select count(*)::int as left from chains.transactions where state in ('taken', 'sent')`)
    return open?.['left'] === 0
  })
  const standing = await sql(`select lower(address) as address from chain_accounts.addresses where state = 'active'`)
  const addresses = standing.map(({ address }) => String(address))
  expect((await chain.created()).toSorted()).toEqual(addresses.toSorted())
  const [relayer] = await sql(
    `select '0x' || encode(address, 'hex') as address, next_nonce as next from chains.relayers`,
  )
  const count = await chain.client.getTransactionCount({ address: relayer?.['address'] as `0x${string}` })
  expect([Number(relayer?.['next']), count]).toEqual([addresses.length, addresses.length])
  const [left] = await sql(`
    select (select count(*) from chain_accounts.accounts where state <> 'active')::int as accounts,
           (select count(*) from chains.transactions where state <> 'succeeded')::int as transactions,
           (select count(*) from chain_accounts.accounts as a where 2 <> (
              select count(*) from chain_accounts.keys where account_id = a.id and state = 'active'))::int as keys`)
  expect(left).toEqual({ accounts: 0, transactions: 0, keys: 0 })
}

test.each([
  { point: 'before the account', table: 'chain_accounts.accounts', made: false },
  { point: 'before its login', table: 'chain_accounts.identities', made: false },
  { point: 'before its keys', table: 'chain_accounts.keys', made: false },
  { point: 'before its deployment is queued', table: 'chains.transactions', made: false },
  { point: 'before its address', table: 'chain_accounts.addresses', made: false },
  { point: 'before the word in the audit log', table: 'audit.events', made: false },
  { point: 'before its session, when all else is kept', table: 'chain_accounts.token_families', made: true },
])('kill -9 of the process that was asked, $point: asked once more, it is one account', async ({ table, made }) => {
  const ann = await newDevice(story)
  // What is queued waits: a worker must not end the story before it was told.
  await story.killWorker()
  await using held = await holdTable(story.world.app, table)
  const lost = signUp(ann).then(
    () => 'answered',
    (error: { status: number }) => error.status,
  )
  await held.caught(`insert into ${table}`)
  await killNow(story.apis[0])
  expect(await lost).toBe(0)
  await held.release()
  story.apis[0] = await story.spawnApi()

  const before = await accountsOf()
  const again = await newDevice(story, ann.login)
  const asked = { ...ann, client: again.client }
  const { account } = await signUp(asked)
  expect((await accountsOf()) - before).toBe(made ? 0 : 1)
  story.worker = await story.spawnWorker()
  expect((await signInUntilItStands(asked)).accountId).toBe(account.id)
  await expectNoneTwice()
})

const accountsOf = async (): Promise<number> =>
  Number((await story.world.app.sql('select count(*) as found from chain_accounts.accounts'))[0]?.['found'])

const points: readonly (Pick<Ambush, 'method' | 'when'> & { readonly point: string })[] = [
  { point: 'before it takes a nonce', method: 'eth_estimateGas', when: 'before the node hears it' },
  { point: 'before the node has the bytes', method: 'eth_sendRawTransaction', when: 'before the node hears it' },
  { point: 'when the node has the bytes', method: 'eth_sendRawTransaction', when: 'before its answer is heard' },
  { point: 'before it sees the receipt', method: 'eth_getTransactionReceipt', when: 'before its answer is heard' },
]

test.each(points)('kill -9 of the worker, $point: another one ends it, once', async ({ method, when }) => {
  const { struck } = road.lay({ method, when, strike: () => story.killWorker() })
  const ann = await newDevice(story)
  const { account } = await signUp(ann)
  await struck
  story.worker = await story.spawnWorker()
  expect((await signInUntilItStands(ann)).accountId).toBe(account.id)
  await expectNoneTwice()
})

test.each([
  { point: 'before it keeps what it signed', table: 'chains.sendings', statement: 'insert into chains.sendings' },
  {
    point: 'before it notes that the account stands',
    table: 'chain_accounts.addresses',
    statement: 'update chain_accounts.addresses',
  },
])('kill -9 of the worker, $point: another one ends it, once', async ({ table, statement }) => {
  const ann = await newDevice(story)
  await story.killWorker()
  const { account } = await signUp(ann)
  await using held = await holdTable(story.world.app, table)
  story.worker = await story.spawnWorker()
  await held.caught(statement)
  await story.killWorker()
  await held.release()
  story.worker = await story.spawnWorker()
  expect((await signInUntilItStands(ann)).accountId).toBe(account.id)
  await expectNoneTwice()
})

test('kill -9 of every process at once, in the middle of many sign-ups: all that were answered stand, each once', async () => {
  const people = await Promise.all(
    Array.from({ length: 20 }, (_, index) => newDevice(story, undefined, index % 2 ? 1 : 0)),
  )
  const answered: Device[] = []
  const asking = people.map((one) =>
    signUp(one).then(
      () => void answered.push(one),
      () => undefined,
    ),
  )
  await eventually('some were answered', () => answered.length > 4)
  await Promise.all([...story.apis, story.worker].map((one) => killNow(one)))
  await Promise.all(asking)
  story.apis[0] = await story.spawnApi()
  story.apis[1] = await story.spawnApi()
  story.worker = await story.spawnWorker()
  for (const one of answered) await signInUntilItStands({ ...one, client: (await newDevice(story)).client })
  await eventually('those that were kept and not answered stand, too', async () => {
    const [left] = await story.world.app.sql(
      `select count(*)::int as left from chain_accounts.accounts where state <> 'active'`,
    )
    return left?.['left'] === 0
  })
  await expectNoneTwice()
})
