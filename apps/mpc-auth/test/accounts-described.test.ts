import { afterAll, beforeAll, expect, test } from 'vitest'
import { beginTwoFactor, chainOf, signedBy } from './accounts-chain.ts'
import { type AccountsWorld, newKey, personOf, refused, startAccounts } from './accounts-world.ts'
import { type Answered, clientOf } from './client.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts()
})
afterAll(() => world[Symbol.asyncDispose]())

const PATH = '/sign/v1/changes/describe'
const add = ({ publicKey }: { publicKey: string }) => ({ change: { kind: 'add-signer', publicKey } })

/** Somebody whose recovery key is told, and is no signer yet. */
async function withCloud() {
  const person = personOf(world)
  const { key, credentials } = await person.settle()
  const [cloud, token] = [newKey(), credentials.accessToken]
  const recoveryKey = { publicKey: cloud.publicKey, cloudKey: { accountName: 'iCloud' } }
  expect((await person.post('/key/v1/recovery', { recoveryKey }, token)).status).toBe(200)
  return { person, key, cloud, token }
}

const messageIn = ({ status, text, body }: Answered) => {
  expect([status, text]).toEqual([200, expect.stringContaining('evm')])
  return JSON.parse((body as { message: string }).message) as unknown
}

test('what is described is what is held for three days, once it is signed', async () => {
  const { person, key, cloud, token } = await withCloud()
  const call = messageIn(await person.post(PATH, add(cloud), token))
  const answer = await person.post('/sign/v1/evm/transaction', await signedBy(chainOf(world), call, [key]), token)
  expect(answer).toMatchObject({ status: 202, body: { change: { state: 'held' } } })
})

test('a key of another account is one of nobody’s', async () => {
  const [{ person, token }, others] = [await withCloud(), await withCloud()]
  const answers = [others.cloud, others.key, newKey()].map((key) => person.post(PATH, add(key), token))
  const [first, ...more] = await Promise.all(answers)
  expect(first && refused(first)).toEqual([403, 'Forbidden'])
  for (const answer of more) expect(answer.text).toBe(first?.text)
  const begun = await beginTwoFactor(others.person, newKey())
  expect(refused(await person.post(PATH, add(others.cloud), begun.token))).toEqual([401, 'InvalidToken'])
  const recovery = await person.get('/auth/v1/recover/transaction', begun.token)
  expect(refused(recovery)).toEqual([404, 'NotFound'])
  expect(refused(await person.get('/auth/v1/recover/transaction', token))).toEqual([401, 'InvalidToken'])
})

test('whoever asks too often is told when to come back', async () => {
  const { cloud, token } = await withCloud()
  const { baseUrl } = await world.app.spawn({ REQUESTS_PER_ACCOUNT: '2' })
  const ask = () => clientOf(baseUrl)({ method: 'POST', path: PATH, body: add(cloud), token })
  expect([(await ask()).status, (await ask()).status]).toEqual([200, 200])
  const answer = await ask()
  expect([...refused(answer), answer.headers.has('retry-after')]).toEqual([429, 'TooManyRequests', true])
})

// The last one: the node does not come back.
test('while the node is away nothing is described, and it says so', async () => {
  const { person, cloud, token } = await withCloud()
  await world.node.close()
  const answer = await person.post(PATH, add(cloud), token)
  expect([...refused(answer), answer.headers.has('retry-after')]).toEqual([503, 'ChainUnavailable', true])
})
