import { fromBase64url, fromUtf8 } from '@strongroom/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AccountsWorld, newKey, personOf, refused, signedIn, startAccounts } from './accounts-world.ts'
import { passTime } from './pass-time.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts({ processes: 2 })
})
afterAll(() => world[Symbol.asyncDispose]())

interface Credentials {
  readonly accessToken: string
  readonly refreshToken: string
}
const credentialsOf = ({ body }: { body: unknown }) => (body as { credentials: Credentials }).credentials

/** One person, seen by both processes. */
async function signedUp() {
  const [here, there] = [personOf(world), personOf(world, { process: 1 })]
  return { here, there, ...signedIn(await here.signUp(newKey())).credentials }
}
const refresh = (at: ReturnType<typeof personOf>, refreshToken: string) => at.post('/auth/v1/refresh', { refreshToken })

test('both processes publish the same keys, and one believes what the other issued', async () => {
  const { here, there, accessToken } = await signedUp()
  const [published, again] = await Promise.all(
    world.app.baseUrls.map(async (url) => (await fetch(`${url}/.well-known/jwks.json`)).json()),
  )
  expect(published).toMatchObject({ keys: [{ kty: 'EC', crv: 'P-256', alg: 'ES256' }] })
  expect(again).toEqual(published)
  expect((await there.get('/account/v1/me', accessToken)).status).toBe(200)
  expect((await here.get('/account/v1/me', accessToken)).status).toBe(200)
  const [, claims = ''] = accessToken.split('.')
  expect(JSON.parse(fromUtf8(fromBase64url(claims)))).toMatchObject({ iss: 'http://127.0.0.1:4300' })
})

test('a refresh token brought to both at once has one successor; brought late it ends the sign-in at both', async () => {
  const { here, there, refreshToken } = await signedUp()
  const answers = await Promise.all([here, there, here, there, here, there].map((at) => refresh(at, refreshToken)))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(new Set(answers.map((answer) => credentialsOf(answer).refreshToken)).size).toBe(1)
  const [answer = { body: {} }] = answers
  const next = credentialsOf(answer)
  expect((await there.get('/account/v1/me', next.accessToken)).status).toBe(200)
  await passTime(world.app, '31 seconds')
  expect(refused(await refresh(there, refreshToken))).toEqual([401, 'RefreshTokenReused'])
  expect(refused(await refresh(here, next.refreshToken))).toEqual([401, 'RefreshTokenReused'])
  expect(refused(await here.get('/account/v1/me', next.accessToken))).toEqual([401, 'InvalidToken'])
  await passTime(world.app, '0')
})

test('an access token is good for an hour of the database’s clock, at both', async () => {
  const { here, there, accessToken, refreshToken } = await signedUp()
  await passTime(world.app, '61 minutes')
  for (const at of [here, there]) {
    expect(refused(await at.get('/account/v1/me', accessToken))).toEqual([401, 'InvalidToken'])
  }
  const next = credentialsOf(await refresh(there, refreshToken))
  expect((await here.get('/account/v1/me', next.accessToken)).status).toBe(200)
  await passTime(world.app, '0')
})

test('no token is in any line that the processes wrote', async () => {
  const { here, accessToken, refreshToken } = await signedUp()
  const next = credentialsOf(await refresh(here, refreshToken))
  await here.get('/account/v1/me', `${accessToken}x`)
  await refresh(here, `${refreshToken}x`)
  const log = await world.app.log()
  for (const token of [accessToken, refreshToken, next.accessToken, next.refreshToken]) {
    for (const part of token.split('.').slice(1)) expect(log).not.toContain(part)
  }
})
