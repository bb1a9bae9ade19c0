import { randomUUID } from 'node:crypto'
import { fromBase64url, toBase64url, toUtf8 } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { decodeJwt, decodeProtectedHeader, jwtVerify, createLocalJWKSet } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { drawSecret } from '../src/apps/secret.ts'
import { insertApp, insertSecret } from '../src/apps/store.ts'
import { stampKey } from '../src/accounts/key-row.ts'
import { activateKey, markRevoked } from '../src/accounts/keys-store.ts'
import { tokenTypes } from '../src/tokens/claims.ts'
import { thumbprintOf } from '../src/tokens/token-keys.ts'
import { addKey, ISSUER, type Person, type TokensWorld, tokensWorld } from './tokens-world.ts'

let world: TokensWorld
beforeAll(async () => {
  world = await tokensWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const no = { status: 401, error: 'InvalidToken' }
const reused = { status: 401, error: 'RefreshTokenReused' }
const credentials = z.object({ credentials: z.object({ accessToken: z.string(), refreshToken: z.string() }) })
const renewed = async (refreshToken: string) => credentials.parse((await world.refresh(refreshToken)).body).credentials

async function signIn(given?: Person) {
  const person = given ?? (await world.person())
  return { person, ...(await world.sessions.open(person)) }
}

const part = (token: string, at: number): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(fromBase64url(token.split('.')[at] ?? ''))) as Record<string, unknown>
const encoded = (value: unknown) => toBase64url(toUtf8(JSON.stringify(value)))

/** Signed by our own key, whatever it says: what somebody would have who may use the HSM but not as we do. */
const signedAs = (type: string, claims: object) => world.tokens.keys.sign(type, claims)

describe('an access token', () => {
  test('names account, app, key and an hour, and verifies by the published keys in any other library', async () => {
    const { person, accessToken } = await signIn()
    const { body, status } = await world.get('/.well-known/jwks.json')
    expect(status).toBe(200)
    const { payload, protectedHeader } = await jwtVerify(accessToken, createLocalJWKSet(body as never), {
      issuer: ISSUER,
      audience: person.appId,
      subject: person.accountId,
      algorithms: ['ES256'],
      typ: tokenTypes.access,
    })
    expect(payload['key']).toBe(await thumbprintOf(person.publicKey))
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600)
    expect(protectedHeader.kid).toBe((body['keys'] as unknown as { kid: string }[])[0]?.kid)
    expect(JSON.stringify(body)).not.toContain('"d"')
  })

  test('speaks for its key, until an hour has passed on the database’s clock', async () => {
    const { person, accessToken } = await signIn()
    const { status, body } = await world.get('/account', accessToken)
    expect(status).toBe(200)
    expect(body).toMatchObject({ accountId: person.accountId, keyId: person.keyId, app: { id: person.appId } })
    expect(await world.get('/any', accessToken)).toMatchObject({ status: 200 })
    await world.pass('59 minutes 50 seconds')
    expect(await world.get('/account', accessToken)).toMatchObject({ status: 200 })
    await world.pass('1 hour 1 second')
    expect(await world.get('/account', accessToken)).toMatchObject(no)
    await world.pass('0')
  })

  test('ends with its key, at once', async () => {
    const { person, accessToken, refreshToken } = await signIn()
    const other = await signIn()
    await world.database.transaction(async (tx) => {
      await markRevoked(tx, person.keyId)
      await world.sessions.end(tx, person.keyId)
    })
    expect(await world.get('/account', accessToken)).toMatchObject(no)
    expect(await world.refresh(refreshToken)).toMatchObject(no)
    expect(await world.get('/account', other.accessToken)).toMatchObject({ status: 200 })
  })

  test('of a key that was revoked is not brought back by whoever writes the tables', async () => {
    const { person, accessToken, refreshToken } = await signIn()
    const { database } = world
    const before = await database.one(
      z.object({ stamp: z.unknown() }),
      sql`select stamp from chain_accounts.keys where id = ${person.keyId}`,
    )
    await database.transaction((tx) => markRevoked(tx, person.keyId))
    await database.run(sql`
      update chain_accounts.keys set state = 'active', revoked_at = null, stamp = decode(repeat('00', 32), 'hex')
       where id = ${person.keyId}`)
    expect(await world.get('/account', accessToken)).toMatchObject(no)
    expect(await world.refresh(refreshToken)).toMatchObject(no)
    await database.run(
      sql`update chain_accounts.keys set stamp = ${before.stamp as Uint8Array} where id = ${person.keyId}`,
    )
    expect(await world.get('/account', accessToken)).toMatchObject({ status: 200 })
  })

  test('of a family that was pointed at another key, or another account, is good for nothing', async () => {
    const [mine, theirs] = [await signIn(), await signIn()]
    const { accountId, appId } = mine.person
    const further = await addKey(world, { id: accountId, appId })
    const point = ({ keyId, accountId: id }: Person) =>
      world.database.run(sql`
        update chain_accounts.token_families set key_id = ${keyId}, account_id = ${id}
         where id = ${String(decodeJwt(mine.accessToken)['sid'])}`)
    for (const elsewhere of [further, theirs.person]) {
      await point(elsewhere)
      expect(await world.get('/account', mine.accessToken)).toMatchObject(no)
      expect(await world.refresh(mine.refreshToken)).toMatchObject(no)
    }
    await point(mine.person)
    expect(await world.get('/account', mine.accessToken)).toMatchObject({ status: 200 })
  })

  test('of an account that was closed is good for nothing', async () => {
    const { person, accessToken, refreshToken } = await signIn()
    await world.database.run(sql`update chain_accounts.accounts set state = 'closed' where id = ${person.accountId}`)
    expect(await world.get('/account', accessToken)).toMatchObject(no)
    expect(await world.refresh(refreshToken)).toMatchObject(no)
    const ephemeral = await world.requestTokens.issue({ ...person, requestId: 'r-1' })
    expect(await world.get('/request', ephemeral)).toMatchObject(no)
  })

  test('is none at another app', async () => {
    const { person, accessToken, refreshToken } = await signIn()
    const [mine, other] = [
      drawSecret((count) => new Uint8Array(count).fill(1)),
      drawSecret((count) => new Uint8Array(count).fill(2)),
    ]
    const otherApp = { id: randomUUID(), name: 'another' }
    await world.database.transaction(async (tx) => {
      await insertApp(tx, otherApp)
      await insertSecret(tx, { ...other, appId: otherApp.id }, 0)
      await insertSecret(tx, { ...mine, appId: person.appId }, 0)
    })
    try {
      expect(await world.get('/account', accessToken)).toMatchObject({ status: 401, error: 'InvalidAppSecret' })
      expect(await world.get('/account', accessToken, { 'x-app-secret': other.text })).toMatchObject(no)
      expect(await world.refresh(refreshToken, { 'x-app-secret': other.text })).toMatchObject(no)
      expect(await world.get('/account', accessToken, { 'x-app-secret': mine.text })).toMatchObject({ status: 200 })
    } finally {
      await world.owner.run(sql`delete from chain_accounts.apps where id = ${otherApp.id}`)
    }
  })
})

describe('what is no token of ours', () => {
  test('is refused, whatever of it was changed', async () => {
    const { accessToken } = await signIn()
    const [head = '', claims = '', signature = ''] = accessToken.split('.')
    const someone = await signIn()
    const changed = { ...part(accessToken, 1), sub: someone.person.accountId }
    const none = encoded({ ...part(accessToken, 0), alg: 'none' })
    const byHmac = encoded({ ...part(accessToken, 0), alg: 'HS256' })
    const otherKid = encoded({ ...part(accessToken, 0), kid: 'nobody' })
    for (const token of [
      `${head}.${encoded(changed)}.${signature}`,
      `${none}.${claims}.${signature}`,
      `${byHmac}.${claims}.${signature}`,
      `${otherKid}.${claims}.${signature}`,
      `${head}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      `${head}.${claims}.`,
      accessToken.slice(0, -1),
      'a.b.c',
    ]) {
      expect(await world.get('/account', token)).toMatchObject(no)
    }
    expect(await world.get('/account')).toMatchObject(no)
    expect(await world.get('/account', undefined, { authorization: `Basic ${accessToken}` })).toMatchObject(no)
  })

  test('nor is one that says more, less or something else than we do, although our key signed it', async () => {
    const { accessToken } = await signIn()
    const said = part(accessToken, 1)
    const { key: _, ...keyless } = said
    for (const claims of [
      { ...said, iss: 'https://elsewhere.example.com' },
      { ...said, admin: true },
      { ...said, key: await thumbprintOf(new Uint8Array(64).fill(7)) },
      { ...said, sid: randomUUID() },
      { ...said, aud: [said['aud']] },
      keyless,
    ]) {
      expect(await world.get('/account', await signedAs(tokenTypes.access, claims))).toMatchObject(no)
    }
    expect(await world.get('/account', await signedAs(tokenTypes.access, said))).toMatchObject({ status: 200 })
  })

  test('no kind of token is good in the place of another', async () => {
    const { person, accessToken, refreshToken } = await signIn()
    const ephemeral = await world.requestTokens.issue({ ...person, requestId: 'r-1' })
    expect(await world.get('/account', refreshToken)).toMatchObject(no)
    expect(await world.get('/account', ephemeral)).toMatchObject(no)
    expect(await world.get('/request', accessToken)).toMatchObject(no)
    expect(await world.get('/any', refreshToken)).toMatchObject(no)
    for (const token of [accessToken, ephemeral]) expect(await world.refresh(token)).toMatchObject(no)
    expect([accessToken, refreshToken, ephemeral].map((token) => decodeProtectedHeader(token).typ)).toEqual(
      Object.values(tokenTypes),
    )
  })
})

describe('an ephemeral token', () => {
  test('names one request, for ten minutes', async () => {
    const { person } = await signIn()
    const token = await world.requestTokens.issue({ ...person, requestId: 'r-7' })
    for (const path of ['/request', '/any']) {
      const { status, body } = await world.get(path, token)
      expect(status).toBe(200)
      expect(body).toMatchObject({ accountId: person.accountId, scope: '2fa:r-7', requestId: 'r-7' })
    }
    await world.pass('10 minutes 1 second')
    expect(await world.get('/request', token)).toMatchObject(no)
    await world.pass('0')
  })
})

describe('a refresh token', () => {
  test('gives new tokens of the same sign-in, and is replaced', async () => {
    const { person, accessToken, refreshToken } = await signIn()
    const next = await renewed(refreshToken)
    expect(next.refreshToken).not.toBe(refreshToken)
    expect(decodeJwt(next.accessToken)['sid']).toBe(decodeJwt(accessToken)['sid'])
    expect(await world.get('/account', next.accessToken)).toMatchObject({ status: 200, body: { keyId: person.keyId } })
    expect((await renewed(next.refreshToken)).refreshToken).not.toBe(next.refreshToken)
  })

  test('brought again within half a minute is answered with the same successor; later it ends the sign-in', async () => {
    const { person, accessToken, refreshToken } = await signIn()
    const other = await signIn(person)
    const next = await renewed(refreshToken)
    await world.pass('25 seconds')
    expect((await renewed(refreshToken)).refreshToken).toBe(next.refreshToken)
    await world.pass('31 seconds')
    expect(await world.refresh(refreshToken)).toMatchObject(reused)
    expect(await world.refresh(next.refreshToken)).toMatchObject(reused)
    for (const token of [accessToken, next.accessToken]) expect(await world.get('/account', token)).toMatchObject(no)
    expect(await world.get('/account', other.accessToken)).toMatchObject({ status: 200 })
    const { events } = await world.database.one(
      z.object({ events: z.int() }),
      sql`select count(*)::int as events from audit.events
           where kind = 'account.refresh-reused' and subject = ${person.accountId}`,
    )
    expect(events).toBe(1)
    await world.pass('0')
  })

  test('is reused at once where what took its place was used as well', async () => {
    const { refreshToken } = await signIn()
    const next = await renewed(refreshToken)
    const last = await renewed(next.refreshToken)
    expect(await world.refresh(refreshToken)).toMatchObject(reused)
    expect(await world.refresh(last.refreshToken)).toMatchObject(reused)
  })

  test('brought by many at once has one successor', async () => {
    const { refreshToken } = await signIn()
    const answers = await Promise.all(Array.from({ length: 12 }, () => world.refresh(refreshToken)))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200))
    const successors = new Set(answers.map(({ body }) => credentials.parse(body).credentials.refreshToken))
    expect(successors.size).toBe(1)
  })

  test('is good for 30 days, and no longer', async () => {
    const [early, late] = [await signIn(), await signIn()]
    await world.pass('29 days 23 hours')
    expect(await world.refresh(early.refreshToken)).toMatchObject({ status: 200 })
    await world.pass('30 days 1 second')
    expect(await world.refresh(late.refreshToken)).toMatchObject(no)
    await world.pass('0')
  })

  test('of a key that waits does nothing and ends nothing, and serves once the key counts', async () => {
    const { person, accessToken, refreshToken } = await signIn()
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
    const { refreshToken } = await signIn()
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
