import { toHex } from '@strongroom/crypto'
import { addition, beginTwoFactor, chainOf, signedBy } from '@strongroom/mpc-auth/testing/chain'
import {
  type AccountsWorld,
  type DeviceKey,
  newKey,
  personOf,
  refused,
  signedIn,
  startAccounts,
} from '@strongroom/mpc-auth/testing/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../src/index.ts'
import { asks, pass, tokenOf } from './accounts.ts'
import {
  addDevice,
  approvalOf,
  changeIn,
  cloudKey,
  relayed,
  type SecondDevice,
  settle,
  type Settled,
} from './accounts-devices.ts'

interface Family {
  readonly ann: Settled
  readonly tablet: SecondDevice
  readonly cloud: DeviceKey
}

describe('what one stolen thing takes of an account', { timeout: 180_000 }, () => {
  let world: AccountsWorld
  let family: Family
  beforeAll(async () => {
    world = await startAccounts()
    family = await settleFamily()
  }, 120_000)
  afterAll(() => world[Symbol.asyncDispose]())

  /** Two devices, and a key in a cloud that the second approved. */
  async function settleFamily(): Promise<Family> {
    const [ann, cloud, chain] = [await settle(personOf(world)), newKey(), chainOf(world)]
    const tablet = await addDevice(world, ann)
    const { person, phone, token, address } = ann
    expect((await person.post('/key/v1/recovery', cloudKey(cloud), token)).status).toBe(200)
    const body = await signedBy(chain, await chain.describeChange(address, addition(cloud)), [phone])
    const { id, digest } = changeIn(await person.post('/sign/v1/evm/transaction', body, token))
    const approval = { publicKey: tablet.key.publicKey, signature: tablet.key.sign(approvalOf({ digest })) }
    expect((await person.post(`/sign/v1/changes/${id}/approve`, { approval }, tablet.token)).status).toBe(200)
    await relayed(person, token, await person.post('/sign/v1/evm/transaction', body, token))
    const row = `select state from chain_accounts.keys where public_key = '\\x${cloud.publicKey}'`
    await waitUntil('the key in the cloud counts', async () => (await world.app.sql(row))[0]?.['state'] === 'active')
    return { ann, tablet, cloud }
  }

  /** What decides about the account: its signers on the chain, its keys here, and what was ever sent for it. */
  async function powers({ ann: { accountId, address } }: Family) {
    const standing = await chainOf(world).readAccount(address)
    return {
      signers: standing?.signers.map((one) => toHex(one.publicKey)).toSorted(),
      keys: await world.app.sql(
        `select encode(public_key, 'hex') as key from chain_accounts.keys
          where account_id = '${accountId}' and state = 'active' order by key_index`,
      ),
      sent: await world.app.sql(
        `select count(*)::int from chains.transactions where kind = 'request' and account = '\\x${address.slice(2)}'`,
      ),
    }
  }

  const everyDoor = ['/account/v1/me', '/device/v1/devices', '/key/v1/keys', '/sign/v1/changes', '/auth/v1/recover']

  it('a login alone: a token that waits, and nothing else', async () => {
    const before = await powers(family)
    const { ann, cloud } = family
    const thief = personOf(world, { subject: ann.person.subject })
    const theirs = newKey()
    expect(refused(await thief.signUp(theirs))).toEqual([400, 'AlreadySignedUp'])
    // Not even with a key that everybody reads on the chain.
    expect(refused(await thief.signUp(ann.phone))).toEqual([400, 'AlreadySignedUp'])
    expect(refused(await thief.begin(theirs.publicKey))).toEqual([400, 'PleaseRegisterKey'])
    const data = await thief.challenge(ann.phone.publicKey)
    expect(refused(await thief.respond(data, theirs.sign(data)))).toEqual([401, 'InvalidSignature'])
    expect(refused(await thief.begin(cloud.publicKey, 'recoveryKey'))).toEqual([403, 'Forbidden'])

    const begun = await beginTwoFactor(thief, theirs)
    const ask = asks(world, begun.token)
    for (const path of everyDoor) expect(refused(await ask('GET', path))).toEqual([401, 'InvalidToken'])
    const body = await signedBy(chainOf(world), begun.call, [theirs])
    expect(refused(await ask('POST', '/sign/v1/evm/transaction', body))).toEqual([401, 'InvalidToken'])
    expect(refused(await ask('POST', '/key/v1/recovery', cloudKey(theirs)))).toEqual([401, 'InvalidToken'])
    const txId = `0x${'ab'.repeat(32)}`
    expect(refused(await ask('POST', `/device/v1/2fa/${begun.id}/approve`, { txId }))).toEqual([401, 'InvalidToken'])
    expect((await ask('POST', '/auth/v1/recover')).status).toBe(204)
    const challengeData = await thief.challenge(cloud.publicKey, 'recoveryKey')
    const newDeviceKey = { type: 'device', publicKey: theirs.publicKey }
    const recoveryKey = { signature: theirs.sign(challengeData), newDeviceKey }
    const answer = { challengeType: 'recoveryKey', challengeData, recoveryKey }
    expect(refused(await thief.post('/auth/v1/signin/challenge/respond', answer))).toEqual([401, 'InvalidSignature'])
    expect(refused(await ask('POST', '/auth/v1/recover/transaction', body))).toEqual([404, 'NotFound'])
    expect(await powers(family)).toEqual(before)
    // Its windows are used up by its own asking: those that it opened are closed by time.
    await pass(world, '25 hours')
  })

  it('a phone with its key and token: no change of signers, whatever it asks, while another device says no', async () => {
    const before = await powers(family)
    const { ann, tablet } = family
    const { person, phone, address } = ann
    const chain = chainOf(world)
    const token = await tokenOf(person, phone)
    const send = async (call: unknown) =>
      person.post('/sign/v1/evm/transaction', await signedBy(chain, call, [phone]), token)
    const theirs = newKey()
    const adding = () => chain.describeChange(address, addition(theirs))
    expect(refused(await send(await adding()))).toEqual([403, 'Forbidden'])
    expect((await person.post('/key/v1/recovery', cloudKey(theirs), token)).status).toBe(200)
    const { keys } = (await asks(world, token)('GET', '/key/v1/keys')).body as {
      keys: { type: string; publicKey: string }[]
    }
    const ours = keys.find(({ type }) => type === 'server-key')?.publicKey ?? ''
    const removing = (publicKey: string) =>
      chain.describeChange(address, { kind: 'remove-signer', publicKey: Buffer.from(publicKey, 'hex') })

    for (const call of [await adding(), await removing(tablet.key.publicKey), await removing(ours)]) {
      const held = await send(call)
      expect([held.status, held.text]).toEqual([202, expect.stringContaining('"held"')])
      const { id, digest } = changeIn(held)
      const approve = (by: DeviceKey) =>
        person.post(
          `/sign/v1/changes/${id}/approve`,
          { approval: { publicKey: by.publicKey, signature: by.sign(approvalOf({ digest })) } },
          token,
        )
      for (const by of [phone, theirs]) expect(refused(await approve(by))).toEqual([403, 'Forbidden'])
    }
    expect(refused(await asks(world, token)('DELETE', `/key/v1/keys/${tablet.key.publicKey}`))).toEqual([
      400,
      'InvalidRequest',
    ])
    await pass(world, '71 hours 50 minutes')
    const late = await tokenOf(person, phone)
    const again = await person.post('/sign/v1/evm/transaction', await signedBy(chain, await adding(), [phone]), late)
    expect(again.status).toBe(202)
    const told = await tokenOf(person, tablet.key)
    const { changes } = (await asks(world, told)('GET', '/sign/v1/changes')).body as {
      changes: { id: string; state: string }[]
    }
    const waiting = changes.filter(({ state }) => state === 'held')
    expect(waiting).toHaveLength(3)
    for (const { id } of waiting) expect((await asks(world, told)('DELETE', `/sign/v1/changes/${id}`)).status).toBe(204)
    await pass(world, '73 hours')
    const last = await tokenOf(person, phone)
    // What was cancelled is forgotten after a day; a thief tells of it once more.
    expect((await person.post('/key/v1/recovery', cloudKey(theirs), last)).status).toBe(200)
    const afterwards = await person.post(
      '/sign/v1/evm/transaction',
      await signedBy(chain, await adding(), [phone]),
      last,
    )
    // It waits anew, from the beginning.
    expect([afterwards.status, await powers(family)]).toEqual([202, before])
    const fresh = await tokenOf(person, tablet.key)
    expect((await asks(world, fresh)('DELETE', `/sign/v1/changes/${changeIn(afterwards).id}`)).status).toBe(204)
  })

  it('a cloud, which is the login and the recovery key: nothing for 72 hours, and nothing at all where a device says no', async () => {
    const before = await powers(family)
    const { ann, tablet, cloud } = family
    const thief = personOf(world, { subject: ann.person.subject })
    const [theirs, chain] = [newKey(), chainOf(world)]
    expect(refused(await thief.begin(cloud.publicKey, 'deviceKey'))).toEqual([400, 'PleaseRegisterKey'])
    const askToRecover = async () => {
      const { token } = await beginTwoFactor(thief, theirs)
      expect((await asks(world, token)('POST', '/auth/v1/recover')).status).toBe(204)
      return token
    }
    await askToRecover()
    const recover = async () => {
      const challengeData = await thief.challenge(cloud.publicKey, 'recoveryKey')
      const newDeviceKey = { type: 'device', publicKey: theirs.publicKey }
      const recoveryKey = { signature: cloud.sign(challengeData), newDeviceKey }
      return thief.post('/auth/v1/signin/challenge/respond', {
        challengeType: 'recoveryKey',
        challengeData,
        recoveryKey,
      })
    }
    const { credentials } = signedIn(await recover())
    const stillNothing = async (expected: number) => {
      for (const path of everyDoor)
        expect(refused(await asks(world, credentials.accessToken)('GET', path))).toEqual([401, 'InvalidToken'])
      expect((await thief.post('/auth/v1/refresh', { refreshToken: credentials.refreshToken })).status).toBe(401)
      expect(refused(await thief.begin(theirs.publicKey))).toEqual([400, 'PleaseRegisterKey'])
      const { token } = await beginTwoFactor(thief, newKey())
      const body = await signedBy(chain, await chain.describeChange(ann.address, addition(theirs)), [cloud])
      const sent = await asks(world, token)('POST', '/auth/v1/recover/transaction', body)
      expect([sent.status, sent.text]).toEqual([expected, expect.any(String)])
      const asDevice = await asks(world, token)('POST', '/sign/v1/evm/transaction', body)
      expect(refused(asDevice)).toEqual([401, 'InvalidToken'])
      expect(await powers(family)).toEqual(before)
    }
    await stillNothing(202)
    await pass(world, '71 hours 50 minutes')
    await stillNothing(202)

    // At the last moment the other device says no.
    const tablets = await tokenOf(ann.person, tablet.key)
    const { recoveries } = (await asks(world, tablets)('GET', '/auth/v1/recover')).body as {
      recoveries: { id: string; state: string; newKey: string }[]
    }
    const held = recoveries.find(({ state }) => state === 'held')
    expect(held?.newKey).toBe(theirs.publicKey)
    expect((await asks(world, tablets)('DELETE', `/auth/v1/recover/${held?.id ?? ''}`)).status).toBe(204)
    await pass(world, '73 hours')
    const { token } = await beginTwoFactor(thief, newKey())
    const body = await signedBy(chain, await chain.describeChange(ann.address, addition(theirs)), [cloud])
    expect(refused(await asks(world, token)('POST', '/auth/v1/recover/transaction', body))).toEqual([404, 'NotFound'])
    // That key never comes back, and whoever wrote the row back has no more of it.
    expect((await asks(world, token)('POST', '/auth/v1/recover')).status).toBe(204)
    expect(refused(await recover())).toEqual([400, 'InvalidRequest'])
    await world.app.sql(
      `update chain_accounts.recoveries set state = 'held', ended_at = null where id = '${held?.id ?? ''}'`,
    )
    const revived = await asks(world, token)('POST', '/auth/v1/recover/transaction', body)
    expect([revived.status, await powers(family)]).toEqual([400, before])
  })

  it('where nobody says no the same key comes in after its hold, so that it is the no that keeps it out', async () => {
    const { ann, cloud } = await settleFamily()
    const { person, address } = ann
    const [tablet, chain] = [newKey(), chainOf(world)]
    const begun = await beginTwoFactor(person, tablet)
    expect((await asks(world, begun.token)('POST', '/auth/v1/recover')).status).toBe(204)
    const challengeData = await person.challenge(cloud.publicKey, 'recoveryKey')
    const newDeviceKey = { type: 'device', publicKey: tablet.publicKey }
    const recoveryKey = { signature: cloud.sign(challengeData), newDeviceKey }
    const answer = { challengeType: 'recoveryKey', challengeData, recoveryKey }
    expect((await person.post('/auth/v1/signin/challenge/respond', answer)).status).toBe(200)
    await pass(world, '73 hours')
    const { token } = await beginTwoFactor(person, newKey())
    const body = await signedBy(chain, await chain.describeChange(address, addition(tablet)), [cloud])
    expect((await asks(world, token)('POST', '/auth/v1/recover/transaction', body)).status).toBe(200)
  })

  it('the server’s key and nobody: what no key of a person signed is not co-signed', async () => {
    const before = await powers(family)
    const { ann, cloud, tablet } = family
    const { person, phone } = ann
    const chain = chainOf(world)
    const token = await tokenOf(person, phone)
    const begun = await beginTwoFactor(person, newKey())
    const { signatures, ...rest } = await signedBy(chain, begun.call, [phone, cloud, tablet.key, newKey()])
    const [byPhone, byCloud, byTablet, byNobody] = signatures
    const send = (some: readonly unknown[]) =>
      person.post('/sign/v1/evm/transaction', { ...rest, signatures: some }, token)
    expect(refused(await send([]))).toEqual([400, 'InvalidRequest'])
    const { keys } = (await asks(world, token)('GET', '/key/v1/keys')).body as {
      keys: { type: string; publicKey: string }[]
    }
    const ours = keys.find(({ type }) => type === 'server-key')?.publicKey
    for (const some of [
      [byCloud],
      [byNobody],
      [{ ...byPhone, publicKey: ours }],
      [{ ...byPhone, publicKey: tablet.key.publicKey }],
      [byPhone, byNobody],
      // Another device’s, with this one’s token: each signs for itself.
      [byTablet],
    ])
      expect(refused(await send(some))).toEqual([401, 'InvalidSignature'])
    expect(await powers(family)).toEqual(before)
  })
})
