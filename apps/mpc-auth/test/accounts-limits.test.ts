import { afterAll, beforeAll, expect, test } from 'vitest'
import { beginTwoFactor, chainOf, relayed, signedBy } from './accounts-chain.ts'
import { type AccountsWorld, newKey, personOf, refused, signedIn, startAccounts } from './accounts-world.ts'
import { clientOf } from './client.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts()
})
afterAll(() => world[Symbol.asyncDispose]())

/** One more process, which takes fewer; what it is asked from there. */
async function strict(settings: Readonly<Record<string, string>>) {
  const process = world.app.processes.length
  await world.app.spawn(settings)
  return process
}
const statusOf = (answers: readonly { readonly status: number }[]) => answers.map(({ status }) => status)
const signedUp = async () => signedIn(await personOf(world).signUp(newKey())).credentials

test('who refreshes without end is told when to come back, and takes nothing from another key', async () => {
  const process = await strict({ REQUESTS_PER_ACCOUNT: '3' })
  const at = personOf(world, { process })
  const refresh = (refreshToken: string) => at.post('/auth/v1/refresh', { refreshToken })
  const [ann, ben] = [await signedUp(), await signedUp()]
  // The same within half a minute is answered the same, and counts all the same.
  const answers = []
  for (let asked = 0; asked < 4; asked++) answers.push(await refresh(ann.refreshToken))
  expect(statusOf(answers)).toEqual([200, 200, 200, 429])
  const last = await refresh(ann.refreshToken)
  expect([...refused(last), Number(last.headers.get('retry-after')) > 0]).toEqual([429, 'TooManyRequests', true])
  expect((await refresh(ben.refreshToken)).status).toBe(200)
  // Counted by what the token says, once it was read: nobody else’s is spent by nonsense, nor by a forged one.
  const forged = `${ben.refreshToken.slice(0, -4)}${ben.refreshToken.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
  for (let asked = 0; asked < 5; asked++) expect(refused(await refresh(forged))).toEqual([401, 'InvalidToken'])
  expect((await refresh(ben.refreshToken)).status).toBe(200)
  // What a key is asked by its access token is counted apart, so that neither ends the other.
  expect((await at.get('/account/v1/me', ann.accessToken)).status).toBe(200)
})

test('a device that refreshes without end takes nothing from another one of its account', async () => {
  const process = await strict({ REQUESTS_PER_ACCOUNT: '3' })
  const ann = personOf(world)
  const { key: phone, credentials } = await ann.settle()
  const tablet = newKey()
  const begun = await beginTwoFactor(ann, tablet)
  const body = await signedBy(chainOf(world), begun.call, [phone])
  const { accessToken } = credentials
  const txId = await relayed(ann, accessToken, await ann.post('/sign/v1/evm/transaction', body, accessToken))
  expect((await ann.post(`/device/v1/2fa/${begun.id}/approve`, { txId }, accessToken)).status).toBe(204)
  const of = signedIn(await ann.signIn(tablet))
  expect(of.account.id).toBe(signedIn(await ann.signIn(phone)).account.id)
  const at = personOf(world, { process })
  const refresh = (refreshToken: string) => at.post('/auth/v1/refresh', { refreshToken })
  const answers = []
  for (let asked = 0; asked < 4; asked++) answers.push(await refresh(credentials.refreshToken))
  expect(statusOf(answers)).toEqual([200, 200, 200, 429])
  expect((await refresh(of.credentials.refreshToken)).status).toBe(200)
})

test('logins are counted by the address that they come from, whatever a caller says of it', async () => {
  const process = await strict({ LOGINS_PER_ADDRESS: '4' })
  const ask = clientOf(world.app.baseUrls[process] ?? '')
  const { publicKey } = newKey()
  const tries: readonly (readonly [path: string, body: (token: string) => object])[] = [
    ['/auth/v1/signup', (token) => ({ method: 'test', token, userKey: { type: 'device', publicKey } })],
    [
      '/auth/v1/signin/challenge',
      (token) => ({ challengeType: 'deviceKey', request: { method: 'test', token }, publicKey }),
    ],
    [
      '/auth/v1/signin/2fa',
      (token) => ({ request: { method: 'test', token }, userKey: { type: 'device', publicKey } }),
    ],
  ]
  const post = (path: string, body: object, headers = {}) => ask({ method: 'POST', path, body, headers })
  const names = Array.from({ length: 4 }, (_, index) => `not a name ${String(index)}`)
  const [[signUp, bodyOf] = ['', () => ({})]] = tries
  for (const name of names) expect(refused(await post(signUp, bodyOf(name)))).toEqual([401, 'InvalidProviderToken'])
  for (const [path, body] of tries) {
    for (const headers of [{}, { 'x-forwarded-for': '198.51.100.7' }, { forwarded: 'for=198.51.100.8' }]) {
      const answer = await post(path, body('another-one'), headers)
      expect([path, ...refused(answer)]).toEqual([path, 429, 'TooManyRequests'])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
  }
  // Whoever is signed in is not held up by those who try to be.
  const { accessToken, refreshToken } = await signedUp()
  const at = personOf(world, { process })
  expect((await at.get('/account/v1/me', accessToken)).status).toBe(200)
  expect((await at.post('/auth/v1/refresh', { refreshToken })).status).toBe(200)
})
