import { limiter } from '@strongroom/http'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { look, makeNobodys, newIdentity } from '../../test/identity-look-ups.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { newEmail, newOwner, newPhone, newUser, signUp, type WalletOwner } from '../../test/wallet-owner.ts'

let world: IdentityWorld
let user: WalletOwner
beforeAll(async () => {
  world = await identityWorld()
  user = await newUser(world)
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

test('administrators make accounts for many at once; who has one keeps it, and wallets keep their addresses', async () => {
  const email = newEmail()
  const known = await makeNobodys(world, { email })
  const pending = await signUp(world, newOwner())
  await world.sql.run(sql`delete from identity.identities where address = ${pending.account}`)
  const fresh = newPhone()
  for (const target of ['/identities', '/identities/mass-create']) {
    const body = {
      data: [{ email }, { email: pending.email }, { phone_number: fresh }, { email: user.email }].map((attributes) => ({
        attributes,
      })),
    }
    const made = await world.ask('POST', target, { by: world.admin, body })
    expect([made.status, made.body]).toMatchObject([
      200,
      {
        data: [
          { attributes: { address: known, email, status: 'unregistered' } },
          { attributes: { phone_number: fresh, status: 'unregistered' } },
          { attributes: { address: user.account, status: 'active' } },
        ],
        meta: { skipped: ['/data/1'] },
      },
    ])
  }
})

describe('what is asked for', () => {
  test.each([
    [{}, '/data/attributes'],
    [{ email: 'a@example.com', phone_number: '+380501234567' }, '/data/attributes'],
    [{ email: 'nobody' }, '/data/attributes/email'],
    [{ phone_number: '0501234567' }, '/data/attributes/phone_number'],
    [{ email: 'a@refused.example' }, '/data/attributes/email'],
  ])('%j is no request for an account', async (attributes, field) => {
    world.serveWith({ policies: { ...world.deps.policies, refusedDomains: ['refused.example'] } })
    const refused = await world.ask('POST', '/identities', { body: newIdentity(attributes) })
    expect([refused.status, refused.body]).toMatchObject([400, { errors: [{ meta: { field } }] }])
    const many = await world.ask('POST', '/identities', {
      by: world.admin,
      body: { data: [{ attributes: { email: newEmail() } }, { attributes }] },
    })
    expect([many.status, many.body]).toMatchObject([
      400,
      { errors: [{ meta: { field: field.replace('/data', '/data/1') } }] },
    ])
  })

  test('what is made for a number is found by it, and for no other', async () => {
    const phone = newPhone()
    const account = await makeNobodys(world, { phone_number: phone })
    for (const filter of [{ phone }, { identifier: phone }]) {
      const [found] = await look(world, filter)
      expect(found?.attributes).toMatchObject({
        address: account,
        phone_number: phone,
        email: null,
        status: 'unregistered',
      })
    }
    expect(await world.ask('POST', '/identities', { body: newIdentity({ phone_number: phone }) })).toMatchObject({
      status: 409,
    })
  })

  test('one caller makes so many an hour, and administrators more', async () => {
    const limit = { points: 1, window: 60 }
    world.serveWith({ limits: { ...world.deps.limits, creations: limiter({ each: limit, all: limit }) } })
    const ask = async (by?: WalletOwner['key']) =>
      (await world.ask('POST', '/identities', { by, body: newIdentity({ email: newEmail() }) })).status
    expect([await ask(), await ask(), await ask(user.key), await ask(world.admin)]).toEqual([200, 429, 429, 200])
  })
})
