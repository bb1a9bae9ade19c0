import { randomUUID } from 'node:crypto'
import { sha256 } from '@strongroom/crypto'
import { openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openFlowRelay } from '../../src/flow/relay.ts'
import { payloadMessage } from '../../src/flow/message.ts'
import { bare, cadenceOf, flowWorld, payloadFor, payloadHex, testKey } from './flow-world.ts'

/** A token that has the payer’s key, and makes pairs for accounts. */
async function openToken() {
  const token = await softToken()
  const place = { ...token, deployment: 'test', app: 'flow' }
  const needs = [
    { job: 'seal', use: '' },
    { job: 'wrap-pair', use: '' },
    { job: 'sign', use: 'flow-payer' },
  ] as const
  const hsm = await openKeystore({ ...place, keys: await provisionKeys({ ...place, needs, existing: [] }) })
  onTestFinished(async () => {
    await hsm.close()
    await token.remove()
  })
  return hsm
}

test('a token pays for an account that its own key and a device hold, and signs a change of it with the device', async () => {
  const hsm = await openToken()
  const publicKey = async () => (await hsm.publicKey('flow-payer')).slice(1)
  await using world = await flowWorld({ payerKey: await publicKey() })
  const { chain, database } = world
  const relay = openFlowRelay({ chain, database, publicKey, sign: (message) => hsm.sign('flow-payer', message) })

  const binding = { table: 'accounts', row: randomUUID(), owner: randomUUID(), purpose: 'server-key', version: 1 }
  const pair = { curve: 'p256', ...(await hsm.issueKeyPair('p256', binding)) } as const
  const server = { publicKey: pair.publicKey.slice(1), scheme: 'p256-sha256', weight: 500 } as const
  const device = testKey()
  const signers = [server, device.signer()]
  const id = await world.deploy({ accountId: randomUUID(), signers, threshold: 1000 })
  await world.work(relay)
  const address = (await chain.deployedAddress(database, id)) ?? ''
  expect(await chain.readAccount(address)).toMatchObject({ signers, isGenuine: true })

  const signer = testKey().signer()
  const script = cadenceOf(await chain.describeChange(address, { kind: 'add-signer', signer }))
  const payload = await payloadFor(world, { account: bare(address), script })
  const request = await chain.decode(payloadHex(payload))
  const signature = await hsm.signWithIssued(pair, binding, sha256(request?.message ?? new Uint8Array()))
  const signatures = [{ ...server, signature }, device.sign(payloadMessage(payload))]
  const queued = await database.transaction((tx) =>
    chain.queueRequest(tx, payloadHex(payload), { signatures, charge: { appId: 'app' } }),
  )
  await world.work(relay)
  expect(await chain.transaction(database, queued)).toMatchObject({ state: 'succeeded' })
  expect((await chain.readAccount(address))?.signers).toEqual([...signers, signer])
})
