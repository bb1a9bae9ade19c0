import { fromBase64url } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { stampKey } from '../src/accounts/key-row.ts'
import { activateKey } from '../src/accounts/keys-store.ts'
import { no, signIn, type TokensWorld, tokensWorld } from './tokens-world.ts'

let world: TokensWorld
beforeAll(async () => {
  world = await tokensWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const reused = { status: 401, error: 'RefreshTokenReused' }
const credentials = z.object({ credentials: z.object({ accessToken: z.string(), refreshToken: z.string() }) })
const renewed = async (refreshToken: string) => credentials.parse((await world.refresh(refreshToken)).body).credentials

describe('a refresh token', () => {
  test('gives new tokens of the same sign-in, and is replaced', async () => {
    const { person, accessToken, refreshToken } = await signIn(world)
    const next = await renewed(refreshToken)
    expect(next.refreshToken).not.toBe(refreshToken)
    expect(decodeJwt(next.accessToken)['sid']).toBe(decodeJwt(accessToken)['sid'])
    expect(await world.get('/account', next.accessToken)).toMatchObject({ status: 200, body: { keyId: person.keyId } })
    expect((await renewed(next.refreshToken)).refreshToken).not.toBe(next.refreshToken)
  })

  test('brought again within half a minute is answered with the same successor; later it ends the sign-in', async () => {
    const { person, accessToken, refreshToken } = await signIn(world)
    const other = await signIn(world, person)
    const next = await renewed(refreshToken)
    await world.pass('15 seconds')
    expect((await renewed(refreshToken)).refreshToken).toBe(next.refreshToken)
    await world.pass('31 seconds')
    expect(await world.refresh(refreshToken)).toMatchObject(reused)
    expect(await world.refresh(next.refreshToken)).toMatchObject(reused)
    for (const token of [accessToken, next.accessToken]) expect(await world.get('/account', token)).toMatchObject(no)
    expect(await world.get('/account', other.accessToken)).toMatchObject({ status: 200 })
    const { events } = await world.database.one(
      z.object({ events: z.int() }),
      sql`select count(*)::int as events from audit.events
           where event = 'account.refresh-reused' and subject = ${person.accountId}`,
    )
    expect(events).toBe(1)
    await world.pass('0')
  })

  test('is reused at once where what took its place was used as well', async () => {
    const { refreshToken } = await signIn(world)
    const next = await renewed(refreshToken)
    const last = await renewed(next.refreshToken)
    expect(await world.refresh(refreshToken)).toMatchObject(reused)
    expect(await world.refresh(last.refreshToken)).toMatchObject(reused)
  })

  test('brought by many at once has one successor', async () => {
    const { refreshToken } = await signIn(world)
    const answers = await Promise.all(Array.from({ length: 12 }, () => world.refresh(refreshToken)))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200))
    const successors = new Set(answers.map(({ body }) => credentials.parse(body).credentials.refreshToken))
    expect(successors.size).toBe(1)
  })

  test('is good for 30 days, and no longer', async () => {
    const [early, late] = [await signIn(world), await signIn(world)]
    await world.pass('29 days 23 hours')
    expect(await world.refresh(early.refreshToken)).toMatchObject({ status: 200 })
    await world.pass('30 days 1 second')
    expect(await world.refresh(late.refreshToken)).toMatchObject(no)
    await world.pass('0')
  })

  test('of a key that waits does nothing and ends nothing, and serves once the key counts', async () => {
    const { person, accessToken, refreshToken } = await signIn(world)
    const { hsm, database } = world
    const [owner, key] = [
      { id: person.accountId, appId: person.appId },
      { id: person.keyId, type: 'user-key', kind: 'device', publicKey: person.publicKey } as const,
    ]
    const waiting = await stampKey(hsm, owner, { ...key, state: 'pending' })
    await database.run(
      sql`update chain_accounts.keys set state = 'pending', stamp = ${waiting} where id = ${person.keyId}`,
    )
    expect(await world.get('/account', accessToken)).toMatchObject(no)
    expect(await world.refresh(refreshToken)).toMatchObject(no)
    const stamp = await stampKey(hsm, owner, { ...key, state: 'active' })
    await database.transaction((tx) => activateKey(tx, { id: person.keyId, stamp }))
    expect(await world.get('/account', accessToken)).toMatchObject({ status: 200 })
    expect(await world.refresh(refreshToken)).toMatchObject({ status: 200 })
  })

  test('stands nowhere: the tables hold its hash, and its successor sealed and for half a minute', async () => {
    const { refreshToken } = await signIn(world)
    const next = await renewed(refreshToken)
    const dumpOf = () =>
      world.database.one(
        z.object({ text: z.string() }),
        sql`select coalesce(string_agg(t::text, ' '), '') as text from chain_accounts.refresh_tokens as t`,
      )
    const { text } = await dumpOf()
    for (const token of [refreshToken, next.refreshToken]) {
      const { jti } = decodeJwt(token)
      for (const secret of [token, String(jti)]) {
        expect(text).not.toContain(Buffer.from(secret).toString('hex'))
        expect(text).not.toContain(secret)
      }
      expect(text).not.toContain(Buffer.from(fromBase64url(String(jti))).toString('hex'))
    }
    const kept = () =>
      world.database.one(
        z.object({ sealed: z.int(), tokens: z.int(), families: z.int() }),
        sql`select count(successor)::int as sealed, count(*)::int as tokens,
                   (select count(*)::int from chain_accounts.token_families) as families from chain_accounts.refresh_tokens`,
      )
    expect((await kept()).sealed).toBeGreaterThan(0)
    await world.pass('31 seconds')
    await world.forget()
    expect((await kept()).sealed).toBe(0)
    await world.pass('31 days')
    await world.forget()
    expect(await kept()).toEqual({ sealed: 0, tokens: 0, families: 0 })
    await world.pass('0')
  })
})
