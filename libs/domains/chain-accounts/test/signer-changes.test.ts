import { fromHex, sha256, toUtf8 } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { newPasskey } from './passkey.ts'
import { beginTwoFactor, loginOf, relayed, signed, type SignedUp, signUp, soon } from './person.ts'
import { addition, heldIn, payment, removal, signing } from './signing.ts'

let world: AccountsWorld
let bob: SignedUp
let {
  describeIt,
  callsOf,
  post,
  send,
  changes,
  cancel,
  approve,
  registerRecovery,
  secondDevice,
  signersOf,
}: ReturnType<typeof signing> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  ;({ describeIt, callsOf, post, send, changes, cancel, approve, registerRecovery, secondDevice, signersOf } =
    signing(world))
  bob = await signUp(world)
})
afterAll(() => world[Symbol.asyncDispose]())

describe('a change of signers', () => {
  test(
    'waits three days for one device alone, every device told; then it is signed',
    { timeout: 240_000 },
    async () => {
      const cat = await signUp(world)
      const cloud = newDevice()
      expect(await registerRecovery(cat, cloud.publicKey)).toMatchObject({ status: 200 })
      world.pushed.splice(0)
      const ask = async () => send(cat, await describeIt(cat, addition(cloud.publicKey)))
      const { id } = heldIn(await ask())
      expect(heldIn(await ask()).id).toBe(id)
      await world.sweep()
      await vi.waitFor(
        () => expect(world.pushed.map(({ text }) => text)).toEqual([expect.stringContaining('cancel it now')]),
        soon,
      )
      await world.pass('71 hours 59 minutes')
      expect(heldIn(await ask()).id).toBe(id)
      expect(await signersOf(cat)).not.toContain(cloud.publicKey)
      await world.pass('2 minutes')
      // Said once more, as where the first answer was lost: it is one, and nothing waits anew.
      const body = await signed(world, await describeIt(cat, addition(cloud.publicKey)), [cat.phone])
      const [first, again] = [await post(cat.token, body), await post(cat.token, body)]
      expect(again).toMatchObject({ status: first.status })
      await relayed(world, cat.token, first)
      expect(await signersOf(cat)).toContain(cloud.publicKey)
      expect((await changes(cat.token)).map(({ state }) => state)).toEqual(['signed'])
      await vi.waitFor(async () => {
        await world.sweep()
        const { keys } = (await world.ask('GET', '/key/v1/keys', { token: cat.token })).body as { keys: object[] }
        expect(keys).toContainEqual(
          expect.objectContaining({ publicKey: cloud.publicKey, type: 'recover-key', state: 'active' }),
        )
      }, soon)
      // What was consented to once is not for the next time.
      expect(await send(cat, await describeIt(cat, removal(cloud.publicKey)))).toMatchObject({ status: 202 })
    },
  )

  test(
    'that a device cancelled does not happen, and waits anew when it is asked again',
    { timeout: 240_000 },
    async () => {
      const dan = await signUp(world)
      const second = await secondDevice(dan)
      const ask = async () => send(dan, await describeIt(dan, removal(second.phone.publicKey)))
      const { id } = heldIn(await ask())
      expect(await cancel(id, bob.token)).toMatchObject({ status: 404 })
      expect(await cancel(id, second.token)).toMatchObject({ status: 204 })
      expect(await cancel(id, second.token)).toMatchObject({ status: 204 })
      await world.pass('4 days')
      const again = heldIn(await ask())
      expect(again.id).not.toBe(id)
      expect(await signersOf(dan)).toContain(second.phone.publicKey)
      await world.sweep()
      await vi.waitFor(() => expect(world.pushed.some(({ text }) => text.includes('cancelled'))).toBe(true), soon)
    },
  )

  test('is signed at once where another key approved it, with its signature', { timeout: 240_000 }, async () => {
    const eli = await signUp(world)
    const second = await secondDevice(eli)
    const cloud = newDevice()
    await registerRecovery(eli, cloud.publicKey)
    const ask = async () => send(eli, await describeIt(eli, addition(cloud.publicKey)))
    const { id, digest } = heldIn(await ask())
    const by = ({ phone }: SignedUp) => ({ publicKey: phone.publicKey, signature: phone.signText(`approve:${digest}`) })
    expect(await approve(id, eli.token, by(eli))).toMatchObject({ status: 403 })
    expect(await approve(id, second.token, by(eli))).toMatchObject({ error: 'InvalidSignature' })
    // 32 bytes alone, in whatever form, could be the hash of a transaction.
    for (const text of [digest, `approve:${'00'.repeat(32)}`]) {
      const other = { ...by(second), signature: second.phone.signText(text) }
      expect(await approve(id, second.token, other)).toMatchObject({ error: 'InvalidSignature' })
    }
    expect(await approve(id, bob.token, by(bob))).toMatchObject({ status: 404 })
    heldIn(await ask())
    expect(await approve(id, second.token, by(second))).toMatchObject({ body: { change: { state: 'approved' } } })
    await relayed(world, eli.token, await ask())
    expect(await signersOf(eli)).toContain(cloud.publicKey)
  })

  test('lapses where nobody makes it within a week', { timeout: 240_000 }, async () => {
    const fay = await signUp(world)
    const cloud = newDevice()
    await registerRecovery(fay, cloud.publicKey)
    const ask = async () => send(fay, await describeIt(fay, addition(cloud.publicKey)))
    const { id } = heldIn(await ask())
    await world.pass('11 days')
    expect(heldIn(await ask()).id).not.toBe(id)
    expect((await changes(fay.token)).map(({ state }) => state)).toEqual(['held', 'lapsed'])
  })

  test(
    'that another device asked for by two-factor is signed at once; the same key is not, once that is over',
    { timeout: 240_000 },
    async () => {
      const gil = await signUp(world)
      const tablet = newDevice()
      const begun = await beginTwoFactor(world, gil.login, tablet)
      // Another key than the one that waits.
      await registerRecovery(gil, newDevice().publicKey)
      await world.pass('181 seconds')
      expect(await send(gil, begun.call)).toMatchObject({ status: 202 })
      const anew = await beginTwoFactor(world, gil.login, tablet)
      await relayed(world, gil.token, await send(gil, anew.call))
      expect(await signersOf(gil)).toContain(tablet.publicKey)
    },
  )

  test('whose hold, approval or changes were written past us is not signed', { timeout: 240_000 }, async () => {
    const [hia, ivo] = [await signUp(world), await signUp(world)]
    const [cloud, others] = [newDevice(), newDevice()]
    for (const one of [hia, ivo]) await registerRecovery(one, cloud.publicKey)
    await registerRecovery(hia, others.publicKey)
    const ask = async (of: SignedUp, key = cloud) => send(of, await describeIt(of, addition(key.publicKey)))
    const { id } = heldIn(await ask(hia))
    await world.owner.run(
      sql`update time_locks.locks set opens_at = opens_at - interval '3 days' where subject like ${`%${id}%`}`,
    )
    expect(await ask(hia)).toMatchObject({ status: 500 })
    const second = heldIn(await ask(ivo))
    await world.database.run(sql`
      update chain_accounts.signer_changes set state = 'approved', approval = ${new Uint8Array(32)},
             approved_by = (select id from chain_accounts.keys where account_id = ${ivo.accountId} and type = 'server-key')
       where id = ${second.id}`)
    expect(await ask(ivo)).toMatchObject({ status: 500 })
    // The hold of one change, open by now, is no hold of another.
    await world.owner.run(
      sql`update time_locks.locks set opens_at = opens_at + interval '3 days' where subject like ${`%${id}%`}`,
    )
    const third = heldIn(await ask(hia, others))
    await world.pass('4 days')
    await world.database.run(sql`
      update chain_accounts.signer_changes set lock_id = (select lock_id from chain_accounts.signer_changes where id = ${third.id})
       where id = ${id}`)
    expect(await ask(hia)).toMatchObject({ status: 500 })
    expect(await signersOf(hia)).toHaveLength(2)
    expect(await signersOf(ivo)).toHaveLength(2)
  })
})

test('a passkey is let in, signs payments, and approves, on its own page alone', { timeout: 240_000 }, async () => {
  const kit = await signUp(world)
  const passkey = newPasskey()
  const body = { request: loginOf(kit.login), userKey: passkey.userKey }
  const begun = await world.ask('POST', '/auth/v1/signin/2fa', { body })
  const { twoFactorAuth, ephemeralAccessToken: token } = begun.body as {
    twoFactorAuth: { id: string; request: { message: string } }
    ephemeralAccessToken: string
  }
  const txId = await relayed(world, kit.token, await send(kit, JSON.parse(twoFactorAuth.request.message)))
  const { id } = twoFactorAuth
  expect(await world.ask('POST', `/device/v1/2fa/${id}/approve`, { token: kit.token, body: { txId } })).toMatchObject({
    status: 204,
  })
  const finished = await world.ask('POST', '/auth/v1/signin/2fa/finish', {
    token,
    body: { twoFactorAuthRequestId: id },
  })
  const { accessToken } = (finished.body as { credentials: { accessToken: string } }).credentials

  await world.node.fund(kit.address, 10n ** 18n)
  const call = await callsOf(kit, [payment])
  const { message } = (await world.chain.decode(call)) ?? { message: new Uint8Array() }
  const { publicKey } = passkey
  const by = (passKey: object) => ({ chainName: 'local', call, signatures: [{ publicKey, passKey }] })
  const wrong = [
    passkey.assert(new Uint8Array(32)),
    passkey.assert(message, 'https://evil.example'),
    // True, and yet the chain would not find its way in it.
    passkey.assert(message, undefined, (said) => JSON.stringify(said).replaceAll('":"', '": "')),
    newPasskey().assert(message),
  ]
  for (const one of wrong) expect(await post(accessToken, by(one))).toMatchObject({ error: 'InvalidSignature' })
  const asDevice = { chainName: 'local', call, signatures: [{ publicKey, signature: kit.phone.sign(message) }] }
  expect(await post(accessToken, asDevice)).toMatchObject({ error: 'InvalidSignature' })
  await relayed(world, accessToken, await post(accessToken, by(passkey.assert(message))))

  const cloud = newDevice()
  await registerRecovery(kit, cloud.publicKey)
  const change = heldIn(await send(kit, await describeIt(kit, addition(cloud.publicKey))))
  const bare = { publicKey, passKey: passkey.assert(fromHex(change.digest)) }
  expect(await approve(change.id, accessToken, bare)).toMatchObject({ error: 'InvalidSignature' })
  const approval = { publicKey, passKey: passkey.assert(sha256(toUtf8(`approve:${change.digest}`))) }
  expect(await approve(change.id, accessToken, approval)).toMatchObject({ body: { change: { state: 'approved' } } })
})
