import { toHex } from '@strongroom/crypto'
import { chainOf } from '@strongroom/mpc-auth/testing/chain'
import {
  type AccountsWorld,
  fundRelayers,
  newKey,
  personOf,
  refused,
  signedIn,
  startAccounts,
} from '@strongroom/mpc-auth/testing/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../src/index.ts'
import { addressIn, pass } from './accounts.ts'

const signUps = Number(process.env['ATTACK_SIGN_UPS'] ?? 12)
const ATTACKER = `0x${'a77ac4e5'.repeat(5)}`
const MONEY = 10n ** 20n
const asText = (value: unknown): string => (typeof value === 'string' ? value : '')
const hexOf = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('hex')

describe('case 34, deployments that somebody else sends first', { timeout: 180_000 }, () => {
  let world: AccountsWorld
  beforeAll(async () => {
    // Nobody can pay yet: whoever reads what is about to be sent is always faster.
    world = await startAccounts({ money: 'none' })
    await world.node.fund(ATTACKER, MONEY)
    await world.node.ask('anvil_impersonateAccount', ATTACKER)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const codeAt = async (address: string) => asText(await world.node.ask('eth_getCode', address, 'latest'))
  const sendAs = async (to: string, data: string): Promise<string> => {
    const gas = '0x1000000'
    const hash = await world.node.ask('eth_sendTransaction', { from: ATTACKER, to, data, gas }).catch(() => undefined)
    if (hash === undefined) return 'refused'
    let receipt: { status: string } | null = null
    const look = async () => (receipt = (await world.node.ask('eth_getTransactionReceipt', hash)) as typeof receipt)
    await waitUntil('a receipt', async () => (await look()) !== null)
    return (await look())?.status ?? ''
  }
  const deploymentOf = async (address: string) => {
    const [row] = await world.app.sql(
      `select target, calldata from chains.transactions where account = '\\x${address.slice(2)}'`,
    )
    return { target: `0x${hexOf(row?.['target'])}`, calldata: `0x${hexOf(row?.['calldata'])}` }
  }
  const statesOf = (accountId: string) =>
    world.app.sql(`
      select a.state as account, d.state as address, '0x' || lower(substr(d.address, 3)) as at
        from chain_accounts.accounts as a join chain_accounts.addresses as d on d.account_id = a.id
       where a.id = '${accountId}'`)

  it('with other signers stands elsewhere; with ours it is ours: either way the account has its own signers alone', async () => {
    const [ann, phone] = [personOf(world), newKey()]
    const opened = signedIn(await ann.signUp(phone))
    const address = addressIn(opened)
    const { target, calldata } = await deploymentOf(address)
    const thief = newKey()
    expect(calldata).toContain(phone.publicKey)
    const theirs = calldata.replace(phone.publicKey, thief.publicKey)
    const before = BigInt(asText(await world.node.ask('eth_blockNumber')))
    expect(await sendAs(target, theirs)).toBe('0x1')
    expect(await codeAt(address)).toBe('0x')
    // Weights and threshold are bound as the keys are.
    const threshold = (1000).toString(16).padStart(64, '0')
    expect(calldata).toContain(threshold)
    await sendAs(target, calldata.replace(threshold, (500).toString(16).padStart(64, '0')))
    expect(await codeAt(address)).toBe('0x')
    expect(refused(await ann.signIn(phone))).toEqual([400, 'PleaseDeploy'])
    expect(await statesOf(opened.account.id)).toMatchObject([{ account: 'pending', address: 'pending' }])

    // Whoever sends ours pays for it.
    expect(await sendAs(target, calldata)).toBe('0x1')
    expect(await codeAt(address)).not.toBe('0x')
    await fundRelayers(world)
    await waitUntil('the account counts', async () => (await ann.signIn(phone)).status === 200)
    const standing = await chainOf(world).readAccount(address)
    const signers = standing?.signers.map((one) => [toHex(one.publicKey), one.weight])
    expect(signers).toHaveLength(2)
    expect(signers).toContainEqual([phone.publicKey, 500])
    expect(standing?.threshold).toBe(1000)
    expect(await statesOf(opened.account.id)).toMatchObject([
      { account: 'active', address: 'active', at: address.toLowerCase() },
    ])
    // Nothing of what the thief deployed is known here.
    const logs = (await world.node.ask('eth_getLogs', {
      fromBlock: `0x${before.toString(16)}`,
      toBlock: 'latest',
      address: target,
    })) as unknown[]
    expect(logs.length).toBeGreaterThanOrEqual(2)
    expect(await world.app.sql('select count(*)::int from chain_accounts.addresses')).toEqual([{ count: 1 }])
  })

  it('where other signers did stand at our address, which no chain allows, it never counts', async () => {
    const [model, bob, phone] = [personOf(world), personOf(world), newKey()]
    const settled = signedIn(await model.signUp(phone))
    await waitUntil('a model stands', async () => (await model.signIn(phone)).status === 200)
    const foreign = addressIn(settled)

    await world.node.ask('evm_setAutomine', false)
    const [key, opened] = await (async () => {
      const one = newKey()
      return [one, signedIn(await bob.signUp(one))] as const
    })()
    const address = addressIn(opened)
    await world.node.ask('anvil_setCode', address, await codeAt(foreign))
    await world.node.ask('evm_setAutomine', true)
    await world.node.mine(2)
    await waitUntil('it was looked at', async () => (await statesOf(opened.account.id))[0]?.['address'] !== 'pending')
    expect(await statesOf(opened.account.id)).toMatchObject([{ account: 'pending', address: 'foreign' }])
    expect(refused(await bob.signIn(key))).toEqual([400, 'PleaseDeploy'])
    const me = await bob.get('/account/v1/me', opened.credentials.accessToken)
    expect((me.body as { account: { addresses: unknown[] } }).account.addresses).toEqual([])
  })
})

describe(`case 34, ${String(signUps)} sign-ups at once, of people who are none`, { timeout: 300_000 }, () => {
  const BUDGET = 2_000_000_000_000_000n
  let world: AccountsWorld
  beforeAll(async () => {
    world = await startAccounts({ chain: { gasBudgetWei: String(BUDGET) } })
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const countOf = async (state: string) =>
    Number((await world.app.sql(`select count(*)::int as n from chains.transactions where state ${state}`))[0]?.['n'])
  const paid = async () => {
    const [relayer] = await world.app.sql('select address from chains.relayers')
    return MONEY - BigInt(asText(await world.node.ask('eth_getBalance', `0x${hexOf(relayer?.['address'])}`, 'latest')))
  }
  /** Nothing is out, and what waits was put off to another day. One look: what is taken meanwhile is in it once. */
  const quiet = () =>
    waitUntil(
      'no more is sent',
      async () =>
        (await countOf(
          `in ('taken', 'sent') or state = 'queued' and due_at < strongroom.now() + interval '1 minute'`,
        )) === 0,
    )

  it('cost an app no more than its budget of a day; the others of that day wait, and take nothing of another app', async () => {
    const [first] = await world.app.sql('select id from chain_accounts.apps')
    // A day that ends in the middle of this would be one more: it begins an hour ago.
    const [clock] = await world.app.sql(
      `select extract(epoch from date_trunc('day', n) + interval '25 hours' - n)::int as left from (select strongroom.now() at time zone 'utc' as n) as t`,
    )
    await pass(world, `${String(clock?.['left'])} seconds`)
    const answers = await Promise.all(Array.from({ length: signUps }, () => personOf(world).signUp(newKey())))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    await quiet()
    const stood = await countOf(`= 'succeeded'`)
    expect([stood > 0, stood < signUps]).toEqual([true, true])
    expect(await paid()).toBeLessThanOrEqual(BUDGET)

    const { output } = await world.app.run('add-app', 'Another wallet')
    const headers = { 'x-app-secret': /^secret (\S+)$/m.exec(output)?.[1] ?? '' }
    const ann = personOf(world, { headers })
    const phone = newKey()
    expect((await ann.signUp(phone)).status).toBe(201)
    await waitUntil('another app’s account stands', async () => (await ann.signIn(phone)).status === 200)

    let days = 1
    while ((await countOf(`= 'queued'`)) > 0 && days < 30) {
      await pass(world, '24 hours')
      days++
      await quiet()
    }
    expect(await countOf(`= 'succeeded'`)).toBe(signUps + 1)
    const spent = await world.app.sql('select app_id, wei from chains.spending')
    for (const { wei } of spent) expect(BigInt(String(wei))).toBeLessThanOrEqual(BUDGET)
    expect(spent.filter(({ app_id: app }) => app === first?.['id'])).toHaveLength(days)
    const active = await world.app.sql(`select count(*)::int as n from chain_accounts.accounts where state = 'active'`)
    expect(Number(active[0]?.['n'])).toBeGreaterThan(0)
  })
})
