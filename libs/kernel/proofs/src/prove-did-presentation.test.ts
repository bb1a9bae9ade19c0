import { fromUtf8 } from '@strongroom/crypto'
import { Refusal } from '@strongroom/http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ChallengeWorld, startChallengeWorld } from '../test/challenge-world.ts'
import { holderOf, present } from '../test/presentations.ts'
import { challengesFor, issueChallenge } from './challenges.ts'
import { presentationVerifier } from './presentation-verifier.ts'
import { type PresentationDeps, proveChallengedPresentation, proveDidPresentation } from './prove-did-presentation.ts'

const ann = holderOf('aa'.repeat(32))
const eve = holderOf('ee'.repeat(32))
const purpose = 'did-auth'

let world: ChallengeWorld
let deps: PresentationDeps
beforeAll(async () => {
  world = await startChallengeWorld()
  deps = { presentations: presentationVerifier(), challenges: challengesFor(world, purpose), didAuth: 'vp' }
})
afterAll(() => world.close())

const input = { params: undefined, query: undefined, body: undefined }
const request = (authorization: string | undefined) => ({
  method: 'POST',
  target: '/',
  rawHeaders: [],
  ip: '127.0.0.1',
  body: new Uint8Array(),
  input,
  headers: authorization === undefined ? {} : { authorization },
})
const bearer = (claims: Record<string, unknown> = {}, holder = ann) =>
  `Bearer ${fromUtf8(present(holder, { claims }).expose())}`
const challengeOf = (subject: string) => issueChallenge(world, { subject, purpose, lifetime: 600 })
const strict = () => ({ ...deps, didAuth: 'challenge' }) as const
const prove = (authorization: string | undefined, given = deps) =>
  proveDidPresentation.prove(request(authorization), given)
const proveChallenged = (authorization: string) => proveChallengedPresentation.prove(request(authorization), deps)
const expectRefused = async (judged: unknown) => {
  const refused = await judged
  expect(refused instanceof Refusal && [refused.status, refused.title]).toEqual([401, 'UNAUTHORIZED'])
}

test('a presentation identifies, and says that it is not fresh', async () => {
  expect(await prove(bearer())).toEqual({ did: ann.did, challenged: false })
})

test('one that answers a challenge is fresh, once', async () => {
  const nonce = await challengeOf(ann.did)
  expect(await prove(bearer({ nonce }))).toEqual({ did: ann.did, challenged: true })
  await expectRefused(prove(bearer({ nonce })))
})

test('a nonce that is no challenge of ours is refused, though none was demanded', async () => {
  for (const nonce of ['', 'chal-1', 'A'.repeat(43), '\uD800'.repeat(43)]) await expectRefused(prove(bearer({ nonce })))
})

test('a challenge given to one DID is not answered by another, and stays good', async () => {
  const nonce = await challengeOf(ann.did)
  await expectRefused(prove(bearer({ nonce }, eve)))
  expect(await prove(bearer({ nonce }))).toMatchObject({ challenged: true })
})

test('a wrong signature uses no challenge up', async () => {
  const nonce = await challengeOf(ann.did)
  const forged = present(eve, { did: ann.did, header: { kid: ann.keyId }, claims: { nonce } })
  await expectRefused(prove(`Bearer ${fromUtf8(forged.expose())}`))
  expect(await prove(bearer({ nonce }))).toMatchObject({ challenged: true })
})

test('what cannot be undone demands a challenge, always', async () => {
  await expectRefused(proveChallenged(bearer()))
  const nonce = await challengeOf(ann.did)
  expect(await proveChallenged(bearer({ nonce }))).toEqual({ did: ann.did, challenged: true })
})

test('an operator may demand a challenge of everyone', async () => {
  await expectRefused(prove(bearer(), strict()))
  const nonce = await challengeOf(ann.did)
  expect(await prove(bearer({ nonce }), strict())).toEqual({ did: ann.did, challenged: true })
})

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Bearer a b',
  'Basic OjEyMzQ=',
  'canary',
  `Bearer ${'x'.repeat(20_000)}`,
])('%j is no presentation', async (authorization) => {
  await expectRefused(prove(authorization))
})

test('the scheme may be written in any case', async () => {
  expect(await prove(bearer().replace('Bearer', 'bearer'))).toMatchObject({ did: ann.did })
})
