import { type KeyNeed, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { BEFORE_EVERY_UUID } from '@strongroom/jobs'
import { sql } from '@strongroom/storage'
import { expect, onTestFinished, test } from 'vitest'
import { evmChain } from '../src/evm/evm-chain.ts'
import { ensureRelayer, gasKeysOf } from '../src/relay/relayer.ts'
import { relayerKeys } from '../src/relay/relayer-keys.ts'
import { ETHER } from './evm-world.ts'
import { begin, byHand } from './relay-begin.ts'
import { planOf } from './relay-world.ts'

async function keystore() {
  const place = { ...(await softToken()), deployment: 'test', app: 'chains' }
  const needs: KeyNeed[] = [
    { job: 'seal', use: '' },
    { job: 'wrap-pair', use: '' },
  ]
  const hsm = await openKeystore({ ...place, keys: await provisionKeys({ ...place, needs, existing: [] }) })
  onTestFinished(() => hsm.close())
  return hsm
}

test('the gas key is made in the token, once, signs there for its own row, and for no other', async () => {
  const { evm, world, states } = await begin(byHand)
  // `local` has a relayer of this process already.
  const chain = evmChain('ethereum-goerli', evm.chain().relayed.setting)
  const gasKeys = gasKeysOf(await keystore())
  const [relayer, again] = await Promise.all([1, 2].map(() => ensureRelayer(world.database, gasKeys, chain.name)))
  expect(again).toEqual(relayer)
  await evm.node.fund(relayer?.address ?? '', ETHER)
  const ids = [await world.queue(chain), await world.queue(chain, planOf())]
  await world.look(chain, { gasKeys })
  await evm.node.mine()
  await world.look(chain, { gasKeys })
  expect(await states(ids)).toEqual(['succeeded', 'succeeded'])

  const rows = await relayerKeys.page(world.database, { after: BEFORE_EVERY_UUID, limit: 10 })
  const mine = rows.find(({ id }) => id === relayer?.id)
  const theirs = rows.find(({ id }) => id !== relayer?.id)
  expect(mine?.binding).toEqual({ table: 'chains.relayers', row: relayer?.id, owner: chain.name, purpose: 'gas-key' })
  const swapped =
    mine &&
    (await relayerKeys.replace(
      { database: world.database, hsm: await keystore() },
      mine,
      theirs?.envelope ?? mine.envelope,
    ))
  expect(swapped).toBe(true)
  await world.queue(chain, planOf())
  await expect(world.look(chain, { gasKeys })).rejects.toMatchObject({ name: 'Unopenable' })
})

test('bytes of a key that does not fit its address are never sent', async () => {
  const { evm, world, chain, road } = await begin(byHand)
  await world.owner.run(sql`update chains.relayers set address = decode(repeat('be', 20), 'hex')`)
  await evm.node.fund(`0x${'be'.repeat(20)}`, ETHER)
  const id = await world.queue(chain)
  await expect(world.look(chain)).rejects.toThrow('another address')
  expect(road.asked.get('eth_sendRawTransaction')).toBeUndefined()
  expect((await world.read(id)).versions).toBe(0)
})
