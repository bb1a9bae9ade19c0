import { chainsFrom, chainsSetting } from '@strongroom/chains'
import { deployForDevelopment } from '@strongroom/chains/testing'
import { type EvmNode, startEvmNode } from '@strongroom/evm-node'
import { addition, chainOf, signedBy } from '@strongroom/mpc-auth/testing/chain'
import { type AccountsWorld, newKey, personOf, refused, startAccounts } from '@strongroom/mpc-auth/testing/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../src/index.ts'
import { asks } from './accounts.ts'
import { changeIn, cloudKey, settle, type Settled } from './accounts-devices.ts'
import { kill } from './key-server.ts'

const OTHER = 'ethereum-goerli'
const MONEY = 10n ** 20n

describe('case 12, what was signed for one chain, on another', { timeout: 120_000 }, () => {
  let world: AccountsWorld
  let node: EvmNode
  let setting: Readonly<Record<string, unknown>>
  let ann: Settled
  const SECOND = 1
  beforeAll(async () => {
    ;[world, node] = await Promise.all([startAccounts(), startEvmNode({ chainId: 5 })])
    const contracts = await deployForDevelopment(node)
    setting = { ...world.chain, ...contracts, rpcUrl: node.url, chainId: 5 }
    await world.app.spawn({ CHAINS: JSON.stringify({ local: world.chain, [OTHER]: setting }) })
    // The one that does not know the other chain would do the work of both.
    for (const one of world.app.processes.slice(0, SECOND)) await kill(one)
    ann = await settle(personOf(world, { process: SECOND }))
    const ask = asks(world, ann.token, SECOND)
    await ask('POST', '/account/v1/addresses', { chainName: OTHER })
    await fund()
    const row = `select state from chain_accounts.addresses where chain_name = '${OTHER}'`
    await waitUntil('it stands there as well', async () => (await world.app.sql(row))[0]?.['state'] === 'active')
  }, 120_000)
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await node?.close()
  })

  async function fund(): Promise<void> {
    let address: unknown
    const row = `select address from chains.relayers where chain = '${OTHER}'`
    const look = async () => (address = (await world.app.sql(row))[0]?.['address'])
    await waitUntil('a relayer', async () => (await look()) !== undefined)
    await node.fund(`0x${Buffer.from(address as Uint8Array).toString('hex')}`, MONEY)
  }

  it('is refused there, though the account has the same address, signers and nonce', async () => {
    const { address, phone, person, token } = ann
    const [here, there] = [
      chainOf(world),
      chainsFrom(chainsSetting.parse(JSON.stringify({ [OTHER]: setting }))).get(OTHER),
    ]
    expect(await there?.readAccount(address)).toEqual(await here.readAccount(address))
    const cloud = newKey()
    expect((await person.post('/key/v1/recovery', cloudKey(cloud), token)).status).toBe(200)
    const send = (body: object) => person.post('/sign/v1/evm/transaction', body, token)
    const body = await signedBy(here, await here.describeChange(address, addition(cloud)), [phone])
    expect(refused(await send({ ...body, chainName: OTHER }))).toEqual([400, 'InvalidRequest'])
    if (!there) throw new Error('the other chain is not configured')
    const others = await signedBy(there, await there.describeChange(address, addition(cloud)), [phone])
    expect(refused(await send(others))).toEqual([400, 'InvalidRequest'])
    // The signature of the one under the other’s words.
    const mixed = { ...others, chainName: OTHER, signatures: body.signatures }
    expect(refused(await send(mixed))).toEqual([401, 'InvalidSignature'])
    const [first, second] = [changeIn(await send(body)), changeIn(await send({ ...others, chainName: OTHER }))]
    expect(first.digest).not.toBe(second.digest)
  })
})
