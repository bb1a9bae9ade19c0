import { fromHex } from '@strongroom/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  addition,
  type FlowPerson,
  flowPerson,
  type FlowWorld,
  removal,
  soon,
  startOnFlow,
} from './accounts-flow-world.ts'
import { type DeviceKey, newKey, refused, signedIn } from './accounts-world.ts'
import type { Fate } from './flow-road.ts'
import { passTime } from './pass-time.ts'

const minutes = { timeout: 300_000 }
let world: FlowWorld
beforeAll(async () => {
  world = await startOnFlow()
})
afterAll(() => world[Symbol.asyncDispose]())

const pass = (interval: string) => passTime(world.app, interval)

/** A change by somebody’s device, which waits three days, held to the end. */
async function holdToTheEnd(person: FlowPerson, by: DeviceKey, change: Parameters<FlowPerson['changeOf']>[0]) {
  expect((await person.cosign(await person.tokenOf(by), await person.changeOf(change, by))).status).toBe(202)
  await pass('71 hours 50 minutes')
  const early = await person.tokenOf(by)
  expect((await person.cosign(early, await person.changeOf(change, by))).status).toBe(202)
  await pass('20 minutes')
  const token = await person.tokenOf(by)
  const transaction = await person.changeOf(change, by)
  return person.run(transaction, await person.cosign(token, transaction), { by, token })
}

async function withRecoveryKey() {
  const [person, cloud] = [flowPerson(world), newKey()]
  await person.signUp()
  const recoveryKey = { publicKey: cloud.publicKey, cloudKey: { accountName: 'iCloud' } }
  const told = await person.post('/key/v1/recovery', { recoveryKey }, await person.tokenOf(person.phone))
  expect(told.status).toBe(200)
  await holdToTheEnd(person, person.phone, addition(cloud))
  const states = async () => {
    const answer = await person.send('GET', '/key/v1/keys', { token: await person.tokenOf(person.phone) })
    return (answer.body as { keys: { publicKey: string; state: string }[] }).keys
  }
  await expect
    .poll(states, soon)
    .toContainEqual(expect.objectContaining({ publicKey: cloud.publicKey, state: 'active' }))
  return { person, cloud }
}

/** Until the hold of a new device is over; how its transaction is sent. */
async function recoveryOf(person: FlowPerson, cloud: DeviceKey) {
  const tablet = newKey()
  const { token } = await person.beginTwoFactor(tablet)
  expect((await person.post('/auth/v1/recover', undefined, token)).status).toBe(204)
  const begun = { challengeType: 'recoveryKey', request: person.login, publicKey: cloud.publicKey }
  const { challengeData } = (await person.post('/auth/v1/signin/challenge', begun)).body as { challengeData: string }
  const newDeviceKey = { type: 'device', publicKey: tablet.publicKey, device: { name: 'a new phone' } }
  const recoveryKey = { signature: cloud.sign(challengeData), newDeviceKey }
  const answered = { challengeType: 'recoveryKey', challengeData, recoveryKey }
  expect((await person.post('/auth/v1/signin/challenge/respond', answered)).status).toBe(200)
  const send = async () => {
    const later = await person.beginTwoFactor(newKey())
    const payer = await person.send('GET', '/sign/v1/cadence', { token: later.token })
    const { payerAddress } = payer.body as { payerAddress: string }
    const transaction = await person.changeOf(addition(tablet), cloud)
    expect(payerAddress).toBe(`0x${transaction.payer}`)
    const message = person.payloadOf(transaction)
    const signatures = [{ publicKey: cloud.publicKey, signature: cloud.signBytes(fromHex(message)) }]
    const body = { chainName: 'flow-testnet', message, signatures }
    return person.post('/auth/v1/recover/transaction', body, later.token)
  }
  return { tablet, send }
}

test('on Flow a second device is let in by the first, and a key comes after a hold', minutes, async () => {
  const [ann, tablet] = [flowPerson(world), newKey()]
  await ann.signUp()
  const token = await ann.tokenOf(ann.phone)
  const begun = await ann.beginTwoFactor(tablet)
  const finish = () => ann.post('/auth/v1/signin/2fa/finish', { twoFactorAuthRequestId: begun.id }, begun.token)
  expect(refused(await finish())).toEqual([400, 'TwoFactorPending'])
  const transaction = await ann.transactionOf(begun.cadence, ann.phone)
  const txId = await ann.run(transaction, await ann.cosign(token, transaction), { by: ann.phone, token })
  expect((await ann.post(`/device/v1/2fa/${begun.id}/approve`, { txId }, token)).status).toBe(204)
  const finished = await finish()
  expect([finished.status, (await ann.signIn(tablet)).status]).toEqual([200, 200])
  expect(signedIn(finished).account.addresses[0]?.address).toBe(ann.state.address)

  await holdToTheEnd(ann, tablet, removal(ann.phone))
  expect(await ann.signers()).not.toContain(ann.phone.publicKey)
  await expect.poll(async () => (await ann.signIn(ann.phone)).status, soon).toBe(400)
})

const fates: readonly [string, Fate][] = [
  ['before the node has it', 'away'],
  ['when the node has it', 'lose-answer'],
]

test.each(fates)('a recovery is one transaction, where its process is killed %s', minutes, async (_point, fate) => {
  const { person, cloud } = await withRecoveryKey()
  const { tablet, send } = await recoveryOf(person, cloud)
  expect(((await send()).body as { recovery: { state: string } }).recovery.state).toBe('held')
  await pass('73 hours')
  const before = person.ran()
  world.road.decide(fate)
  const answer = await send()
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('transaction')])
  const { id } = (answer.body as { transaction: { id: string } }).transaction
  await expect.poll(() => world.road.tried(), soon).toBeGreaterThan(0)
  const killed = world.app.processes.at(-1)?.child
  killed?.kill('SIGKILL')
  await expect.poll(() => killed?.signalCode, soon).toBe('SIGKILL')
  world.road.decide('forward')
  await world.app.spawn()
  // Jobs of a worker that died are free after half a minute, and a few seconds more.
  await expect.poll(async () => (await person.signIn(tablet)).status, { ...soon, timeout: 120_000 }).toBe(200)
  expect(await person.signers()).toContain(tablet.publicKey)
  const token = await person.tokenOf(tablet)
  const seen = async () =>
    (await person.send('GET', `/sign/v1/evm/transaction/${id}`, { token })).body as { transaction: { state: string } }
  await expect.poll(async () => (await seen()).transaction.state, soon).toBe('succeeded')
  expect(person.ran()).toBe(before + 1)
  expect(refused(await send())).toEqual([404, 'NotFound'])
})
