import { randomUUID } from 'node:crypto'
import { fromBase64url, toBase64url, toUtf8 } from '@strongroom/crypto'
import { column, sql } from '@strongroom/storage'
import { decodeJwt, decodeProtectedHeader, jwtVerify, createLocalJWKSet } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { drawSecret } from '../src/apps/secret.ts'
import { insertApp, insertSecret } from '../src/apps/store.ts'
import { markRevoked } from '../src/accounts/keys-store.ts'
import { tokenTypes } from '../src/tokens/claims.ts'
import { thumbprintOf } from '../src/tokens/token-keys.ts'
import { addKey, ISSUER, no, type Person, signIn, type TokensWorld, tokensWorld } from './tokens-world.ts'

let world: TokensWorld
beforeAll(async () => {
  world = await tokensWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const part = (token: string, at: number): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(fromBase64url(token.split('.')[at] ?? ''))) as Record<string, unknown>
const encoded = (value: unknown) => toBase64url(toUtf8(JSON.stringify(value)))

/** Signed by our own key, whatever it says: what somebody would have who may use the HSM but not as we do. */
const signedAs = (type: string, claims: object) => world.tokens.keys.sign(type, claims)

describe('an access token', () => {
  test('names account, app, key and an hour, and verifies by the published keys in any other library', async () => {
    const { person, accessToken } = await signIn(world)
    const { body, status } = await world.get('/.well-known/jwks.json')
    expect(status).toBe(200)
    const { payload, protectedHeader } = await jwtVerify(accessToken, createLocalJWKSet(body as never), {
      issuer: ISSUER,
      audience: person.appId,
      subject: person.accountId,
      algorithms: ['ES256'],
      typ: tokenTypes.access,
    })
    expect(payload['key']).toBe(thumbprintOf(person.publicKey))
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600)
    expect(protectedHeader.kid).toBe((body['keys'] as unknown as { kid: string }[])[0]?.kid)
    expect(JSON.stringify(body)).not.toContain('"d"')
  })

  test('speaks for its key, until an hour has passed on the database’s clock', async () => {
    const { person, accessToken } = await signIn(world)
    const { status, body } = await world.get('/account', accessToken)
    expect(status).toBe(200)
    expect(body).toMatchObject({ accountId: person.accountId, keyId: person.keyId, app: { id: person.appId } })
    expect(await world.get('/any', accessToken)).toMatchObject({ status: 200 })
    await world.pass('59 minutes')
    expect(await world.get('/account', accessToken)).toMatchObject({ status: 200 })
    await world.pass('1 hour 1 second')
    expect(await world.get('/account', accessToken)).toMatchObject(no)
    await world.pass('0')
  })

  test('ends with its key, at once', async () => {
    const { person, accessToken, refreshToken } = await signIn(world)
    const other = await signIn(world)
    await world.database.transaction(async (tx) => {
      await markRevoked(tx, person.keyId)
      await world.sessions.end(tx, person.keyId)
    })
    expect(await world.get('/account', accessToken)).toMatchObject(no)
    expect(await world.refresh(refreshToken)).toMatchObject(no)
    expect(await world.get('/account', other.accessToken)).toMatchObject({ status: 200 })
  })

  test('of a key that was revoked is not brought back by whoever writes the tables', async () => {
    const { person, accessToken, refreshToken } = await signIn(world)
    const { database } = world
    const before = await database.one(
      z.object({ stamp: column.bytes }),
      sql`select stamp from chain_accounts.keys where id = ${person.keyId}`,
    )
    await database.transaction((tx) => markRevoked(tx, person.keyId))
    await database.run(sql`
      update chain_accounts.keys set state = 'active', revoked_at = null, stamp = decode(repeat('00', 32), 'hex')
       where id = ${person.keyId}`)
    expect(await world.get('/account', accessToken)).toMatchObject(no)
    expect(await world.refresh(refreshToken)).toMatchObject(no)
    await database.run(sql`update chain_accounts.keys set stamp = ${before.stamp} where id = ${person.keyId}`)
    expect(await world.get('/account', accessToken)).toMatchObject({ status: 200 })
  })

  test('of a family that was pointed at another key, or another account, is good for nothing', async () => {
    const [mine, theirs] = [await signIn(world), await signIn(world)]
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
    const { person, accessToken, refreshToken } = await signIn(world)
    await world.database.run(sql`update chain_accounts.accounts set state = 'closed' where id = ${person.accountId}`)
    expect(await world.get('/account', accessToken)).toMatchObject(no)
    expect(await world.refresh(refreshToken)).toMatchObject(no)
    const ephemeral = await world.requestTokens.issue({ ...person, requestId: 'r-1' })
    expect(await world.get('/request', ephemeral)).toMatchObject(no)
  })

  test('is none at another app', async () => {
    const { person, accessToken, refreshToken } = await signIn(world)
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
    const { accessToken } = await signIn(world)
    const [head = '', claims = '', signature = ''] = accessToken.split('.')
    const someone = await signIn(world)
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
    const { accessToken } = await signIn(world)
    const said = part(accessToken, 1)
    const { key: _, ...keyless } = said
    for (const claims of [
      { ...said, iss: 'https://elsewhere.example.com' },
      { ...said, admin: true },
      { ...said, key: thumbprintOf(new Uint8Array(64).fill(7)) },
      { ...said, sid: randomUUID() },
      { ...said, aud: [said['aud']] },
      keyless,
    ]) {
      expect(await world.get('/account', await signedAs(tokenTypes.access, claims))).toMatchObject(no)
    }
    expect(await world.get('/account', await signedAs(tokenTypes.access, said))).toMatchObject({ status: 200 })
  })

  test('no kind of token is good in the place of another', async () => {
    const { person, accessToken, refreshToken } = await signIn(world)
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
    const { person } = await signIn(world)
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
