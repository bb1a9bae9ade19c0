import { expect, test } from 'vitest'
import type { AccountChange, SignatureOf } from '../src/chain.ts'
import { begin, byHand } from './relay-begin.ts'
import { deviceKey } from './keys.ts'

/** An account that stands, and what its keys want of it. */
async function standingAccount(wish: Record<string, unknown> = {}) {
  const begun = await begin(byHand, wish)
  const { world, chain, pass } = begun
  const [device, server] = [deviceKey(), deviceKey()]
  const plan = { accountId: 'account-1', signers: [device.signer, server.signer], threshold: 1000 }
  const address = chain.addressOf(plan) ?? ''
  const deployment = await world.queue(chain, plan)
  const queue = (request: unknown, signatures: readonly SignatureOf[]) =>
    world.database.transaction((tx) => chain.queueRequest(tx, request, { signatures, charge: { appId: 'app-1' } }))
  const signed = async (request: unknown, ...keys: readonly { sign(message: Uint8Array): SignatureOf }[]) => {
    const { message } = (await chain.decode(request)) ?? { message: new Uint8Array(32) }
    return queue(
      request,
      keys.map((key) => key.sign(message)),
    )
  }
  const describe = (change: AccountChange = { kind: 'add-signer', signer: deviceKey().signer }) =>
    chain.describeChange(address, change)
  const stand = async () => {
    await world.look(chain)
    await pass()
  }
  const signers = async () => (await chain.readAccount(address))?.signers.length
  return { ...begun, device, server, plan, address, deployment, queue, signed, describe, stand, signers }
}

test('a signed request is relayed; the same again is the same one, and changes nothing', async () => {
  const { world, chain, device, server, signed, describe, stand, signers, pass, states, evm, relayer } =
    await standingAccount()
  await stand()
  const request = await describe()
  const id = await signed(request, device, server)
  expect(await signed(request, server, device)).toBe(id)
  await world.look(chain)
  await pass()
  expect([await states([id]), await signers()]).toEqual([['succeeded'], 3])
  expect(await chain.decode(request)).toBeUndefined()
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(2)
})

test('what the account would not do is refused before it costs anything, and may come again with other signatures', async () => {
  const { world, chain, device, server, signed, describe, stand, states, pass } = await standingAccount()
  await stand()
  const spent = await world.spent()
  const request = await describe()
  const id = await signed(request, device)
  await world.look(chain)
  expect(await chain.transaction(world.database, id)).toEqual({ state: 'refused', reason: 'rejected' })
  expect(await world.read(id)).toMatchObject({ nonce: null, versions: 0 })
  expect(await world.spent()).toBe(spent)
  expect(await signed(request, device, server)).toBe(id)
  await world.look(chain)
  await pass()
  expect(await states([id])).toEqual(['succeeded'])
})

test('a request to where nothing stands does not pass for done: it waits for a deployment on its way, or is refused', async () => {
  const { world, chain, device, server, plan, queue, states, pass, evm } = await standingAccount()
  await world.look(chain)
  // Described for an account of the same plan that stands elsewhere in time: only its address matters here.
  const { typedDataOf } = await import('../src/evm/typed-data.ts')
  const { callDataOf, decodeRequest } = await import('../src/evm/decode.ts')
  const { setting } = chain.relayed
  const requestOf = (account: `0x${string}`) => {
    const data = callDataOf({ kind: 'add-signer', signer: deviceKey().signer }, setting)
    const request = typedDataOf({
      chainId: setting.chainId,
      account,
      calls: [{ target: account, value: 0n, data }],
      nonce: 0n,
      deadline: 4_000_000_000n,
    })
    const message = decodeRequest(request, { chainId: setting.chainId, at: setting })?.message ?? new Uint8Array()
    return { request, signatures: [device, server].map((key) => key.sign(message)) }
  }
  const soon = requestOf(chain.addressOf(plan) as `0x${string}`)
  const never = requestOf('0x70997970C51812dc3A010C7d01b50e0d17dc79C8')
  const ids = [await queue(soon.request, soon.signatures), await queue(never.request, never.signatures)]
  expect(await chain.decode(soon.request)).toBeUndefined()
  await world.look(chain)
  expect(await states(ids)).toEqual(['queued', 'refused'])
  await pass()
  await world.pass('3 seconds')
  await world.look(chain)
  await pass()
  expect(await states(ids)).toEqual(['succeeded', 'refused'])
  expect(evm.node.chainId).toBe(setting.chainId)
})

test('of two requests for one nonce one is done, and the other one refused', async () => {
  const { world, chain, device, server, signed, describe, stand, states, pass, signers } = await standingAccount()
  await stand()
  const requests = [await describe(), await describe()]
  const ids = [await signed(requests[0], device, server), await signed(requests[1], device, server)]
  await world.look(chain)
  await pass()
  await world.pass('3 seconds')
  await world.look(chain)
  await pass()
  expect(await states(ids)).toEqual(['succeeded', 'refused'])
  expect(await signers()).toBe(3)
})

test('a request beyond the budget of its app is refused: whoever signed it waits for it now', async () => {
  const { world, chain, evm, device, server, signed, describe, stand, deployment, states, address } =
    await standingAccount()
  await stand()
  expect(await states([deployment])).toEqual(['succeeded'])
  const id = await signed(await describe(), device, server)
  await world.look(evm.chain({ gasBudgetWei: '1' }))
  expect(await chain.transaction(world.database, id)).toEqual({ state: 'refused', reason: 'budget' })
  expect((await chain.readAccount(address))?.signers).toHaveLength(2)
})

test('what is not decoded is not relayed', async () => {
  const { queue, describe, stand } = await standingAccount()
  await stand()
  await expect(queue({ evm: 'trust me' }, [])).rejects.toThrow(TypeError)
  await expect(describe({ kind: 'remove-signer', publicKey: deviceKey().signer.publicKey })).rejects.toThrow(RangeError)
  await expect(describe({ kind: 'other' })).rejects.toThrow(TypeError)
})
