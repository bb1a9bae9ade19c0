import { randomUUID } from 'node:crypto'
import { toHex } from '@strongroom/crypto'
import { type Database, sql } from '@strongroom/storage'
import { overtaken } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { findAccount } from '../src/accounts/store.ts'
import { findKeys } from '../src/accounts/keys-store.ts'
import { holdChange } from '../src/sign/change-hold.ts'
import { forgetRequests } from '../src/two-factor/store.ts'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { recoveringOnEvm } from './evm-recovery.ts'
import { beginTwoFactor, type SignedUp, signUp, soon } from './person.ts'
import { addition, signing } from './signing.ts'

let world: AccountsWorld
let ann: SignedUp
beforeAll(async () => {
  world = await accountsWorld()
  ann = await signUp(world)
}, 60_000)
afterAll(() => world[Symbol.asyncDispose]())

const keyOf = ({ publicKey }: Device) => `public_key = '\\x${publicKey}'`
const idOf = async (device: Device) =>
  (
    await world.owner.one(
      z.object({ id: z.uuid() }),
      sql`select id from chain_accounts.keys where public_key = ${Buffer.from(device.publicKey, 'hex')}`,
    )
  ).id
/** In somebody's hands while `ask` comes to wait for it. */
const whileHeld = <Answer>(
  [touching, hold]: readonly [table: string, sql: string],
  ask: () => Promise<Answer>,
  change?: string,
) => overtaken({ adminUrl: world.adminUrl, touching, hold, ask, ...(change !== undefined && { change }) })

/** A device that asked, and whose time is over: its key is about to be forgotten. */
async function askedLongAgo(of: SignedUp): Promise<{ device: Device; id: string; token: string }> {
  const device = newDevice()
  const { id, token } = await beginTwoFactor(world, of.login, device)
  await vi.waitFor(() => expect(JSON.stringify(world.pushed)).toContain(id), soon)
  await world.owner.run(sql`
    update chain_accounts.keys set created_at = created_at - interval '2 hours', updated_at = updated_at - interval '2 hours'
     where id = ${await idOf(device)}`)
  await world.owner.run(sql`
    update chain_accounts.two_factor_requests set requested_at = requested_at - interval '2 hours', state = 'expired'
     where id = ${id}`)
  return { device, id, token }
}

describe('a key that is forgotten meanwhile', () => {
  test('takes its request with it, which is not found then', async () => {
    const { device, id, token } = await askedLongAgo(ann)
    const answer = await whileHeld(
      ['chain_accounts.keys', 'lock table chain_accounts.keys in access exclusive mode'],
      () => world.ask('GET', `/device/v1/2fa/${id}`, { token }),
      `delete from chain_accounts.keys where ${keyOf(device)}`,
    )
    expect(answer).toMatchObject({ error: 'NotFound' })
  })

  test('is asked for once more by its device', async () => {
    const { device } = await askedLongAgo(ann)
    const { answer } = await whileHeld(
      [
        'chain_accounts.accounts',
        `select from chain_accounts.accounts where id = '${ann.accountId}' for no key update`,
      ],
      () => beginTwoFactor(world, ann.login, device),
      `delete from chain_accounts.keys where ${keyOf(device)}`,
    )
    expect(answer).toMatchObject({ error: 'TooManyRequests' })
    expect((await beginTwoFactor(world, ann.login, device)).answer).toMatchObject({ status: 200 })
  })

  test('is no key that a recovery lets in', { timeout: 60_000 }, async () => {
    const { withRecoveryKey, recover, respond, sendWith } = recoveringOnEvm(world)
    const person = await withRecoveryKey()
    const device = newDevice()
    const { token } = await beginTwoFactor(world, person.login, device)
    expect(await recover(token)).toMatchObject({ status: 204 })
    const held = `select from chain_accounts.accounts where id = '${person.accountId}' for no key update`
    const ask = () => respond(person, { key: person.cloud, device })
    const forgotten = `delete from chain_accounts.keys where ${keyOf(device)}`
    const answer = await whileHeld(['chain_accounts.accounts', held], ask, forgotten)
    expect(answer).toMatchObject({ error: 'InvalidRequest' })

    expect(await ask()).toMatchObject({ status: 200 })
    await world.pass('73 hours')
    const call = await world.chain.describeChange(person.address, addition(device.publicKey))
    const { token: later } = await beginTwoFactor(world, person.login, newDevice())
    const send = () => sendWith(later, call, person.cloud)
    expect(await whileHeld(['chain_accounts.keys', revoked(device)], send)).toMatchObject({ error: 'InvalidRequest' })
  })

  test('stays where others were asked, or let in, by its word, and the others go', async () => {
    const bob = await signUp(world)
    const [kept, gone] = [await askedLongAgo(bob), await askedLongAgo(bob)]
    const { id } = await beginTwoFactor(world, bob.login, newDevice())
    await world.owner.run(sql`
      update chain_accounts.two_factor_requests set approved_by = ${await idOf(kept.device)} where id = ${id}`)
    await forgetRequests(world.database)
    const left = (await findKeys(world.database, bob.accountId)).map(({ publicKey }) => toHex(publicKey))
    expect(left).toContain(kept.device.publicKey)
    expect(left).not.toContain(gone.device.publicKey)
  })
})

const revoked = (device: Device) =>
  `update chain_accounts.keys set state = 'revoked', stamp = null where ${keyOf(device)}`

describe('a key that we sign in', () => {
  test('while another device has it forgotten is not signed in', { timeout: 60_000 }, async () => {
    const bob = await signUp(world)
    const tablet = newDevice()
    const { call } = await beginTwoFactor(world, bob.login, tablet)
    const send = () => signing(world).send(bob, call)
    expect(await whileHeld(['chain_accounts.keys', revoked(tablet)], send)).toMatchObject({ error: 'InvalidRequest' })
  })

  test('is not forgotten by whoever asked before', { timeout: 60_000 }, async () => {
    const bob = await signUp(world)
    const tablet = newDevice()
    await beginTwoFactor(world, bob.login, tablet)
    const changes = JSON.stringify([{ kind: 'add-signer', publicKey: tablet.publicKey }])
    const answer = await whileHeld(
      ['chain_accounts.keys', `select from chain_accounts.keys where ${keyOf(tablet)} for update`],
      () => world.ask('DELETE', `/key/v1/keys/${tablet.publicKey}`, { token: bob.token }),
      `insert into chain_accounts.signer_changes
              (id, account_id, chain_name, digest, changes, asked_by, lock_id, opens_at, state, ended_at)
       select gen_random_uuid(), account_id, 'local', sha256(public_key), '${changes}'::jsonb, id, gen_random_uuid(),
              strongroom.now(), 'signed', strongroom.now()
         from chain_accounts.keys where ${keyOf(bob.phone)}`,
    )
    expect(answer).toMatchObject({ error: 'InvalidRequest' })
  })
})

test('a change that another device calls off as soon as it is held does not wait', async () => {
  const account = await findAccount(world.database, ann.accountId)
  const keys = await findKeys(world.database, ann.accountId)
  const by = keys.find(({ publicKey }) => toHex(publicKey) === ann.phone.publicKey)
  if (!account || !by) throw new Error('nobody signed up')
  const database: Database = {
    ...world.database,
    async transaction(work) {
      const done = await world.database.transaction(work)
      await world.owner.run(sql`
        update chain_accounts.signer_changes set state = 'cancelled', ended_at = strongroom.now()
         where account_id = ${ann.accountId} and state = 'held'`)
      return done
    },
  }
  const { hsm, policies } = world
  const changes = [{ kind: 'remove-signer', publicKey: ann.phone.publicKey }] as const
  const held = await holdChange(
    { database, hsm, policies, newId: randomUUID },
    { account, by },
    { chainName: 'local', changes },
  )
  expect(held).toMatchObject({ kind: 'invalid-request' })
})

test('a device that many change at once is changed, or its caller told to come back', async () => {
  const path = `/device/v1/devices/${ann.phone.publicKey}`
  const change = (lang: string) => world.ask('PUT', path, { token: ann.token, body: { lang } })
  const answers = await Promise.all(Array.from({ length: 24 }, (_, index) => change(`l${String(index)}`)))
  expect(answers.filter(({ status }) => ![200, 429].includes(status))).toEqual([])
})
