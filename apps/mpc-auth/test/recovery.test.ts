import { afterAll, beforeAll, expect, test } from 'vitest'
import { addition, beginTwoFactor, chainOf, relayed, signedBy, soon } from './accounts-chain.ts'
import {
  type AccountsWorld,
  type DeviceKey,
  newKey,
  type Person,
  personOf,
  refused,
  signedIn,
  startAccounts,
} from './accounts-world.ts'
import { passTime } from './pass-time.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts()
})
afterAll(() => world[Symbol.asyncDispose]())

const tokenOf = async (person: Person, key: DeviceKey) => signedIn(await person.signIn(key)).credentials.accessToken

/** The key in somebody’s cloud, on the chain after its hold. */
async function addRecoveryKey(
  person: Person,
  { phone, address }: { phone: DeviceKey; address: string },
): Promise<DeviceKey> {
  const [cloud, chain] = [newKey(), chainOf(world)]
  const recoveryKey = { publicKey: cloud.publicKey, cloudKey: { accountName: 'iCloud' } }
  const ask = async () => {
    const token = await tokenOf(person, phone)
    const body = await signedBy(chain, await chain.describeChange(address, addition(cloud)), [phone])
    return { token, answer: await person.post('/sign/v1/evm/transaction', body, token) }
  }
  expect((await person.post('/key/v1/recovery', { recoveryKey }, await tokenOf(person, phone))).status).toBe(200)
  expect((await ask()).answer.status).toBe(202)
  await passTime(world.app, '73 hours')
  const { token, answer } = await ask()
  await relayed(person, token, answer)
  const stateOf = async () => {
    const { keys } = (await person.get('/key/v1/keys', token)).body as { keys: { publicKey: string; state: string }[] }
    return keys.find(({ publicKey }) => publicKey === cloud.publicKey)?.state
  }
  await expect.poll(stateOf, soon).toBe('active')
  return cloud
}

test(
  'a lost device is replaced by the recovery key after its hold; tokens serve when the key counts',
  { timeout: 240_000 },
  async () => {
    const ann = personOf(world)
    const { key: phone, account } = await ann.settle()
    const [{ address } = { address: '' }] = account.addresses
    const cloud = await addRecoveryKey(ann, { phone, address })
    const [tablet, chain] = [newKey(), chainOf(world)]

    const { token } = await beginTwoFactor(ann, tablet)
    const challenge = () => ann.challenge(cloud.publicKey, 'recoveryKey')
    const respond = (challengeData: string) => {
      const newDeviceKey = { type: 'device', publicKey: tablet.publicKey }
      const recoveryKey = { signature: cloud.sign(challengeData), newDeviceKey }
      return ann.post('/auth/v1/signin/challenge/respond', { challengeType: 'recoveryKey', challengeData, recoveryKey })
    }
    expect(refused(await ann.begin(cloud.publicKey, 'recoveryKey'))).toEqual([403, 'Forbidden'])
    expect((await ann.send('POST', '/auth/v1/recover', { token })).status).toBe(204)
    const { credentials } = signedIn(await respond(await challenge()))
    const renew = () => ann.post('/auth/v1/refresh', { refreshToken: credentials.refreshToken })
    expect(refused(await ann.get('/account/v1/me', credentials.accessToken))).toEqual([401, 'InvalidToken'])
    expect((await renew()).status).toBe(401)

    await passTime(world.app, '73 hours')
    const again = await beginTwoFactor(ann, tablet)
    const call = await chain.describeChange(address, addition(tablet))
    expect(
      (await ann.post('/auth/v1/recover/transaction', await signedBy(chain, call, [phone]), again.token)).status,
    ).toBe(401)
    const sent = await ann.post('/auth/v1/recover/transaction', await signedBy(chain, call, [cloud]), again.token)
    expect([sent.status, sent.text]).toEqual([200, expect.stringContaining('transaction')])
    await expect.poll(async () => (await ann.begin(tablet.publicKey)).status, soon).toBe(200)
    expect((await ann.signIn(tablet)).status).toBe(200)
    const renewed = await renew()
    expect(renewed.status).toBe(200)
    expect((await ann.get('/account/v1/me', signedIn(renewed).credentials.accessToken)).status).toBe(200)
  },
)

test('whoever has the cloud alone is seen, and told no', { timeout: 240_000 }, async () => {
  const bob = personOf(world)
  const { key: phone, account } = await bob.settle()
  const [{ address } = { address: '' }] = account.addresses
  const cloud = await addRecoveryKey(bob, { phone, address })
  const [thiefs, chain] = [newKey(), chainOf(world)]
  const { token } = await beginTwoFactor(bob, thiefs)
  await bob.send('POST', '/auth/v1/recover', { token })
  const challengeData = await bob.challenge(cloud.publicKey, 'recoveryKey')
  const newDeviceKey = { type: 'device', publicKey: thiefs.publicKey }
  const recoveryKey = { signature: cloud.sign(challengeData), newDeviceKey }
  const body = { challengeType: 'recoveryKey', challengeData, recoveryKey }
  expect((await bob.post('/auth/v1/signin/challenge/respond', body)).status).toBe(200)

  const bobs = await tokenOf(bob, phone)
  const { recoveries } = (await bob.get('/auth/v1/recover', bobs)).body as {
    recoveries: { id: string; newKey: string }[]
  }
  expect(recoveries[0]?.newKey).toBe(thiefs.publicKey)
  expect((await bob.send('DELETE', `/auth/v1/recover/${recoveries[0]?.id ?? ''}`, { token: bobs })).status).toBe(204)
  await passTime(world.app, '4 days')
  const late = await beginTwoFactor(bob, newKey())
  const call = await chain.describeChange(address, addition(thiefs))
  const sent = await bob.post('/auth/v1/recover/transaction', await signedBy(chain, call, [cloud]), late.token)
  expect(refused(sent)).toEqual([404, 'NotFound'])
  expect(refused(await bob.begin(thiefs.publicKey))).toEqual([400, 'PleaseRegisterKey'])
  const standing = await chain.readAccount(address)
  expect(standing?.signers).toHaveLength(3)
})
