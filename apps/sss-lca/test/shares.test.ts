import { openDatabase, sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOf, newSeed, personOf, startSssLca, type World } from './client.ts'
import { newEmail, newPhone, newShare } from './people.ts'

let world: World
beforeAll(async () => {
  world = await startSssLca()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

describe('the auth share', () => {
  test('without a record the answer is null', async () => {
    const { status, text } = await personOf(world, { email: newEmail() }).get()
    expect([status, text]).toEqual([200, 'null'])
  })

  test('what was stored comes back unchanged, with all that is kept of the record', async () => {
    const ann = personOf(world, { email: newEmail() })
    const authShare = { encryptedData: newShare(), encryptedDek: 'dek', iv: 'iv' }
    expect((await ann.put('', { authShare })).body).toEqual({ success: true, shareVersion: 1 })
    const { status, body } = await ann.get()
    expect(status).toBe(200)
    expect(body).toEqual({
      exists: true,
      authShare,
      primaryDid: ann.did,
      securityLevel: 'basic',
      recoveryMethods: [],
      keyProvider: 'sss',
      shareVersion: 1,
      maskedRecoveryEmail: null,
    })
  })

  test('five versions stay beside the current one, and methods of older ones go', async () => {
    const ann = personOf(world, { email: newEmail() })
    const shares = Array.from({ length: 8 }, newShare)
    for (const share of shares) {
      const { body } = await ann.put(share)
      const { shareVersion } = body as { shareVersion: number }
      if (shareVersion === 2) await ann.addMethod({ type: 'phrase', shareVersion: 2 })
    }
    const shareOf = async (shareVersion: number) =>
      ((await ann.get({ shareVersion })).body as Shown).authShare?.encryptedData
    expect(await Promise.all([1, 2, 3, 7, 8, 9].map(shareOf))).toEqual([
      undefined,
      undefined,
      shares[2],
      shares[6],
      shares[7],
      undefined,
    ])
    const { shareVersion, recoveryMethods } = (await ann.get({ shareVersion: 3 })).body as Shown
    expect([shareVersion, recoveryMethods]).toEqual([8, []])
  })

  test('of twenty stores at once every one has a version of its own, and none is lost', async () => {
    const ann = personOf(world, { email: newEmail() })
    await ann.put(newShare())
    const stored = await Promise.all(Array.from({ length: 12 }, () => ann.put(newShare())))
    const versions = stored.map(({ body }) => (body as { shareVersion: number }).shareVersion)
    expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 2))
  })

  test('a store that expects another version is refused, and stores nothing', async () => {
    const ann = personOf(world, { email: newEmail() })
    expect((await ann.put(newShare(), { expectedShareVersion: 1 })).status).toBe(409)
    expect((await ann.put(newShare(), { expectedShareVersion: 0 })).status).toBe(200)
    expect((await ann.put(newShare(), { expectedShareVersion: '1' })).body).toMatchObject({ shareVersion: 2 })
    const { status, body } = await ann.put(newShare(), { expectedShareVersion: 1 })
    expect([status, body]).toMatchObject([409, { code: 'CONFLICT', data: { path: 'keys.storeAuthShare' } }])
  })

  test('a store that expects a version which a restore takes back meanwhile is refused', async () => {
    const ann = personOf(world, { email: newEmail() })
    for (let version = 1; version <= 3; version++) await ann.put(newShare())
    const owner = openDatabase({ connectionString: world.app.database.adminUrl, connections: 1 })
    const where = sql`where primary_did = ${ann.did}`
    const stored = await owner.transaction(async (tx) => {
      await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
      await tx.run(sql`select from secret_shares.accounts ${where} for update`)
      const storing = ann.put(newShare(), { expectedShareVersion: 3 })
      // It has read version 3, and waits for the row.
      const waiting = `select from pg_locks join pg_stat_activity using (pid)
                        where not granted and datname = current_database()`
      await expect.poll(async () => (await world.app.sql(waiting)).length).toBe(1)
      await tx.run(sql`update secret_shares.accounts set share_version = 1 ${where}`)
      return { storing }
    })
    expect((await stored.storing).status).toBe(409)
    await owner.close()
  })

  test('the twenty-first rotation of a day is refused', async () => {
    const ann = personOf(world, { email: newEmail() })
    for (let version = 1; version <= 21; version++) expect((await ann.put(newShare())).status).toBe(200)
    expect((await ann.put(newShare())).status).toBe(429)
  })
})

interface Shown {
  readonly authShare: { encryptedData: string } | null
  readonly shareVersion: number
  readonly recoveryMethods: readonly unknown[]
}

describe('whose record it is', () => {
  test('another DID is refused at every route that changes something', async () => {
    const email = newEmail()
    const ann = personOf(world, { email })
    await ann.put(newShare())
    const thief = personOf(world, { email, seed: newSeed() })
    const refused = await Promise.all([
      thief.put(newShare()),
      thief.addMethod({ type: 'phrase' }),
      thief.addEmail(newEmail()),
      thief.verifyEmail('123456'),
      thief.remove(),
    ])
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
    expect((await ann.get()).body).toMatchObject({ primaryDid: ann.did, shareVersion: 1 })
  })

  test('another login with the same address gets nothing, until it signs a challenge with the DID', async () => {
    const email = newEmail()
    const ann = personOf(world, { email })
    await ann.put(newShare())
    const authToken = await world.issuer.issueToken({ email, subject: `other-${email}` })
    const asOther = (vp?: string) =>
      ann.ask({ path: '/keys/auth-share', vp, body: { authToken, providerType: 'firebase' } })
    expect((await asOther()).status).toBe(403)
    // The presentation that never changes may have been captured.
    expect((await asOther(ann.vp())).status).toBe(403)
    const stranger = personOf(world)
    expect((await asOther(stranger.vp(await stranger.challenge()))).status).toBe(403)
    expect((await asOther(ann.vp(await ann.challenge()))).status).toBe(200)
    expect((await asOther()).status).toBe(200)
  })

  test('a contact method that is sent must be the login’s own', async () => {
    const email = newEmail()
    const ann = personOf(world, { email })
    await ann.put(newShare(), { contactMethod: { type: 'email', value: email.toUpperCase() } })
    expect((await ann.get({ contactMethod: { type: 'email', value: newEmail() } })).status).toBe(403)
    expect((await ann.get({ contactMethod: { type: 'phone', value: newPhone() } })).status).toBe(403)
  })

  test('an address that nobody verified is no contact', async () => {
    const authToken = await world.issuer.issueToken({ email: newEmail(), emailVerified: false })
    const { ask } = clientOf(world.app.baseUrls[0] ?? '')
    const { status, body } = await ask({ path: '/keys/auth-share', body: { authToken, providerType: 'firebase' } })
    expect([status, body]).toMatchObject([400, { message: 'User must have an email or phone number' }])
  })
})
