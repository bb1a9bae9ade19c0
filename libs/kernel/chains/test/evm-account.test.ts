import { randomUUID } from 'node:crypto'
import { encodeFunctionData, type Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccountChange, AccountPlan, SignatureOf } from '../src/chain.ts'
import { accountAbi, factoryAbi } from '../src/evm/abi.ts'
import { decodeRequest } from '../src/evm/decode.ts'
import { executionData } from '../src/evm/signatures.ts'
import { planArguments } from '../src/evm/signers.ts'
import { typedDataOf } from '../src/evm/typed-data.ts'
import { type EvmWorld, evmWorld, settingOf } from './evm-world.ts'
import { deviceKey, passkey, type SigningKey } from './keys.ts'

const contractsOf = (world: EvmWorld) => settingOf(world.node)

describe.each(['osaka', 'prague'] as const)('on %s', (hardfork) => {
  let world: EvmWorld
  beforeAll(async () => {
    world = await evmWorld({ hardfork })
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const planOf = (...keys: readonly SigningKey[]): AccountPlan => ({
    accountId: randomUUID(),
    signers: keys.map(({ signer }) => signer),
    threshold: 1000,
  })
  const create = (plan: AccountPlan) =>
    world.send(
      contractsOf(world).factory,
      encodeFunctionData({
        abi: factoryAbi,
        functionName: 'createAccount',
        args: planArguments(plan, contractsOf(world)),
      }),
    )
  /** An account of these keys, deployed. */
  async function accountOf(...keys: readonly SigningKey[]) {
    const plan = planOf(...keys)
    const address = world.chain().addressOf(plan)
    expect(await create(plan)).toBe(true)
    return address ?? ''
  }
  const decoded = (request: unknown) => {
    const found = decodeRequest(request, { chainId: world.node.chainId, at: contractsOf(world) })
    if (!found) throw new Error('not decoded')
    return found
  }
  /** Whether the account did as it was asked. */
  async function ask(request: unknown, ...keys: readonly SigningKey[]) {
    const { message, execution } = decoded(request)
    return submit(
      request,
      execution.account,
      keys.map((one) => one.sign(message)),
    )
  }
  const submit = (request: unknown, account: Hex, signatures: readonly SignatureOf[]) =>
    world.send(account, executionData(decoded(request).execution, signatures, contractsOf(world)))
  const change = (account: string, wanted: AccountChange) => world.chain().describeChange(account, wanted)
  const keysOf = async (account: string) =>
    (await world.chain().readAccount(account))?.signers
      .map(({ publicKey }) => Buffer.from(publicKey).toString('hex'))
      .toSorted()
  const hexes = (...keys: readonly SigningKey[]) =>
    keys.map(({ signer }) => Buffer.from(signer.publicKey).toString('hex')).toSorted()

  test('an account stands where it was said it would, as it was planned, and again changes nothing', async () => {
    const plan = planOf(deviceKey(), deviceKey())
    const address = world.chain().addressOf(plan) ?? ''
    expect(await world.chain().readAccount(address)).toBeUndefined()
    expect(await create(plan)).toBe(true)
    const found = await world.chain().readAccount(address)
    expect(found).toMatchObject({ address, threshold: 1000, isGenuine: true })
    expect(found?.signers.map(({ weight, scheme }) => [weight, scheme])).toEqual([
      [500, 'p256-sha256'],
      [500, 'p256-sha256'],
    ])
    expect(await create({ ...plan, signers: plan.signers.toReversed() })).toBe(true)
    expect(await world.chain().readAccount(address)).toEqual(found)
  })

  test('who deploys first with other signers deploys another account, not ours', async () => {
    const [ours, thief] = [planOf(deviceKey(), deviceKey()), deviceKey({ weight: 1000 })]
    const foreign = { ...ours, signers: [thief.signer] }
    expect(await create(foreign)).toBe(true)
    expect(world.chain().addressOf(foreign)).not.toBe(world.chain().addressOf(ours))
    expect(await world.chain().readAccount(world.chain().addressOf(ours) ?? '')).toBeUndefined()
    for (const other of [
      { accountId: randomUUID() },
      { threshold: 500 },
      { signers: ours.signers.map((one) => ({ ...one, weight: 999 })) },
    ])
      expect(world.chain().addressOf({ ...ours, ...other })).not.toBe(world.chain().addressOf(ours))
  })

  test('the message is what the contract hashes', async () => {
    const account = await accountOf(deviceKey(), deviceKey())
    const { message, execution } = decoded(await change(account, { kind: 'add-signer', signer: deviceKey().signer }))
    const { calls, nonce, deadline } = execution
    const data = encodeFunctionData({ abi: accountAbi, functionName: 'hashOf', args: [calls, nonce, deadline] })
    expect(await world.rpc.call(execution.account, data, 'latest')).toBe(`0x${Buffer.from(message).toString('hex')}`)
  })

  test('one signature alone moves nothing, nor the same one twice, nor a stranger’s beside it', async () => {
    const [device, server] = [deviceKey(), deviceKey()]
    const account = await accountOf(device, server)
    const request = await change(account, { kind: 'add-signer', signer: deviceKey().signer })
    for (const signers of [[device], [server], [device, device], [device, deviceKey()], []])
      expect(await ask(request, ...signers)).toBe(false)
    expect(await keysOf(account)).toEqual(hexes(device, server))
    expect(await ask(request, device, server)).toBe(true)
  })

  test('a recovery key is added; with the server’s it adds a new device and removes the lost one, which then counts no more', async () => {
    const [device, server, recovery, next] = [deviceKey(), deviceKey(), deviceKey(), deviceKey()]
    const account = await accountOf(device, server)
    expect(await ask(await change(account, { kind: 'add-signer', signer: recovery.signer }), device, server)).toBe(true)
    expect(await ask(await change(account, { kind: 'add-signer', signer: next.signer }), recovery, server)).toBe(true)
    const removal = await change(account, { kind: 'remove-signer', publicKey: device.signer.publicKey })
    expect(decoded(removal).changes).toMatchObject([{ kind: 'remove-signer', publicKey: device.signer.publicKey }])
    expect(await ask(removal, recovery, server)).toBe(true)
    expect(await keysOf(account)).toEqual(hexes(server, recovery, next))
    const back = await change(account, { kind: 'add-signer', signer: device.signer })
    expect(await ask(back, device, server)).toBe(false)
    expect(await ask(back, next, server)).toBe(true)
  })

  test('a passkey and the server move an account; without the user verified they do not', async () => {
    const [key, server, hasty] = [passkey(), deviceKey(), passkey({ flags: 0x01 })]
    const account = await accountOf(key, server)
    expect((await world.chain().readAccount(account))?.signers.map(({ scheme }) => scheme).toSorted()).toEqual([
      'p256-sha256',
      'webauthn',
    ])
    expect(await ask(await change(account, { kind: 'add-signer', signer: hasty.signer }), key, server)).toBe(true)
    const request = await change(account, { kind: 'add-signer', signer: deviceKey().signer })
    expect(await ask(request, hasty, server)).toBe(false)
    expect(await ask(request, key, server)).toBe(true)
  })

  test('the higher s of a phone is made the lower one; as it came it would not do', async () => {
    const [device, server] = [deviceKey({ s: 'high' }), deviceKey()]
    const account = await accountOf(device, server)
    const request = await change(account, { kind: 'add-signer', signer: deviceKey().signer })
    const { message, execution } = decoded(request)
    const signatures = [device, server].map((one) => one.sign(message))
    const data = executionData(execution, signatures, contractsOf(world))
    const low = executionData(
      execution,
      [{ ...deviceKey().sign(message), publicKey: device.signer.publicKey }],
      contractsOf(world),
    )
    expect(low).not.toBe(data)
    const [high = '', normal = ''] = [device.sign(message), signatures[0]].map((one) =>
      Buffer.from(one?.signature.subarray(32) ?? []).toString('hex'),
    )
    expect(high).toBe(normal)
    expect(data).not.toContain(high)
    expect(await submit(request, execution.account, signatures)).toBe(true)
  })

  test('a request is good once, before its deadline, for its account and its chain', async () => {
    const [device, server] = [deviceKey(), deviceKey()]
    const [account, twin] = [await accountOf(device, server), await accountOf(device, server)]
    const request = await change(account, { kind: 'add-signer', signer: deviceKey().signer })
    const { execution, message } = decoded(request)
    const signatures = [device, server].map((one) => one.sign(message))
    const data = executionData(execution, signatures, contractsOf(world))
    expect(await world.send(twin as Hex, data)).toBe(false)
    const elsewhere = { ...execution, chainId: 1 }
    expect(
      decodeRequest(typedDataOf(elsewhere), { chainId: world.node.chainId, at: contractsOf(world) }),
    ).toBeUndefined()
    const other = decodeRequest(typedDataOf(elsewhere), { chainId: 1, at: contractsOf(world) })
    const foreign = [device, server].map((one) => one.sign(other?.message ?? new Uint8Array()))
    expect(await submit(request, execution.account, foreign)).toBe(false)
    expect(await world.send(execution.account, data)).toBe(true)
    expect(await world.send(execution.account, data)).toBe(false)
    expect(await world.chain().decode(request)).toBeUndefined()

    const forLater = (seconds: number) =>
      world.chain().describeChange(account, { kind: 'add-signer', signer: deviceKey().signer }, seconds)
    expect(await world.chain().decode(await forLater(86_000))).toBeDefined()
    expect(await world.chain().decode(await forLater(86_500))).toBeUndefined()

    const late = await world.chain().describeChange(account, { kind: 'add-signer', signer: deviceKey().signer }, 60)
    expect(await world.chain().decode(late)).toBeDefined()
    await world.node.ask('evm_increaseTime', 120)
    await world.node.mine()
    expect(await world.chain().decode(late)).toBeUndefined()
    expect(await ask(late, device, server)).toBe(false)
  })

  test('signers are changed by the account alone, and those that stay must reach the threshold', async () => {
    const [device, server] = [deviceKey(), deviceKey()]
    const account = await accountOf(device, server)
    const { execution } = decoded(await change(account, { kind: 'add-signer', signer: deviceKey().signer }))
    expect(await world.send(execution.account, execution.calls[0]?.data ?? '0x')).toBe(false)
    const [id, signers, weights, threshold] = planArguments(planOf(deviceKey(), deviceKey()), contractsOf(world))
    expect(id).toHaveLength(66)
    const again = encodeFunctionData({
      abi: [
        {
          type: 'function',
          name: 'initialize',
          stateMutability: 'nonpayable',
          outputs: [],
          inputs: [{ type: 'bytes[]' }, { type: 'uint64[]' }, { type: 'uint64' }],
        },
      ],
      args: [signers, weights, threshold],
    })
    expect(await world.send(execution.account, again)).toBe(false)
    expect(await world.send(contractsOf(world).implementation, again)).toBe(false)
    expect(
      await ask(await change(account, { kind: 'remove-signer', publicKey: server.signer.publicKey }), device, server),
    ).toBe(false)
    expect(await keysOf(account)).toEqual(hexes(device, server))
  })
})
