import { type App, deleteApp, initializeApp } from 'firebase-admin/app'
import { getAuth } from 'firebase-admin/auth'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Issuer, startIssuer } from './index.ts'

let issuer: Issuer
let app: App
const auth = () => getAuth(app)

beforeEach(async () => {
  issuer = await startIssuer()
  // As an app is told of an emulator: the SDK reads the variable when it is first used.
  process.env['FIREBASE_AUTH_EMULATOR_HOST'] = issuer.firebaseHost
  app = initializeApp({ projectId: issuer.audience }, `test-${issuer.firebaseHost}`)
})
afterEach(async () => {
  await deleteApp(app)
  await issuer.close()
  delete process.env['FIREBASE_AUTH_EMULATOR_HOST']
})

const subjectOf = (token: string) => decodeJwt(token).sub ?? ''

test('whoever got a token is a user, found by id, address and number', async () => {
  const uid = subjectOf(await issuer.issueToken({ email: 'ann@example.com', phone: '+15550100000' }))
  const expected = { uid, email: 'ann@example.com', emailVerified: true, phoneNumber: '+15550100000' }
  expect(await auth().getUser(uid)).toMatchObject(expected)
  expect(await auth().getUserByEmail('Ann@example.com')).toMatchObject(expected)
  expect(await auth().getUserByPhoneNumber('+15550100000')).toMatchObject(expected)
})

test('nobody is found where nobody is', async () => {
  const wrong = { code: 'auth/user-not-found' }
  await expect(auth().getUser('nobody')).rejects.toMatchObject(wrong)
  await expect(auth().getUserByEmail('nobody@example.com')).rejects.toMatchObject(wrong)
  await expect(auth().getUserByPhoneNumber('+15550109999')).rejects.toMatchObject(wrong)
  await expect(auth().updateUser('nobody', { email: 'a@example.com' })).rejects.toMatchObject(wrong)
})

test('a user who has a number gets an address, and their next token says so', async () => {
  const uid = subjectOf(await issuer.issueToken({ phone: '+15550100000' }))
  const updated = await auth().updateUser(uid, { email: 'ann@example.com', emailVerified: true })
  expect(updated).toMatchObject({ uid, email: 'ann@example.com', emailVerified: true, phoneNumber: '+15550100000' })
  expect(decodeJwt(await issuer.issueToken({ phone: '+15550100000' }))).toMatchObject({
    sub: uid,
    email: 'ann@example.com',
    email_verified: true,
  })
  expect((await auth().updateUser(uid, { email: 'moved@example.com' })).emailVerified).toBe(false)
  expect((await auth().updateUser(uid, { phoneNumber: null, disabled: true })).toJSON()).toMatchObject({
    phoneNumber: undefined,
    disabled: true,
  })
})

test('an address or number that somebody has is not given to another', async () => {
  const uid = subjectOf(await issuer.issueToken({ phone: '+15550100000' }))
  await issuer.issueToken({ email: 'bob@example.com', phone: '+15550100001' })
  const taken = { code: 'auth/email-already-exists' }
  await expect(auth().updateUser(uid, { email: 'bob@example.com' })).rejects.toMatchObject(taken)
  await expect(auth().createUser({ email: 'BOB@example.com' })).rejects.toMatchObject(taken)
  await expect(auth().updateUser(uid, { phoneNumber: '+15550100001' })).rejects.toMatchObject({
    code: 'auth/phone-number-already-exists',
  })
  expect((await auth().getUser(uid)).email).toBeUndefined()
})

test('a user is made, with an id that is given or drawn, once', async () => {
  const made = await auth().createUser({ uid: 'ann', email: 'ann@example.com', displayName: 'Ann' })
  expect(made).toMatchObject({ uid: 'ann', emailVerified: false, displayName: 'Ann' })
  await expect(auth().createUser({ uid: 'ann' })).rejects.toMatchObject({ code: 'auth/uid-already-exists' })
  const { uid } = await auth().createUser({ email: 'bob@example.com' })
  expect(subjectOf(await issuer.issueToken({ email: 'bob@example.com' }))).toBe(uid)
})

test('a custom token is exchanged for one that an app believes', async () => {
  const uid = subjectOf(await issuer.issueToken({ email: 'ann@example.com' }))
  const token = await auth().createCustomToken(uid)
  const signIn = `http://${issuer.firebaseHost}/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=any`
  const exchange = (body: unknown) => fetch(signIn, { method: 'POST', body: JSON.stringify(body) })
  const { idToken } = (await (await exchange({ token, returnSecureToken: true })).json()) as { idToken: string }
  expect(decodeJwt(idToken)).toMatchObject({ sub: uid, email: 'ann@example.com', aud: issuer.audience })
  for (const body of [{ token: 'no token' }, {}, 'nothing']) expect((await exchange(body)).status).toBe(400)
})

test('what the stub does not know, it says that it does not know', async () => {
  await expect(auth().listUsers()).rejects.toMatchObject({ code: 'auth/internal-error' })
  const asked = await fetch(`http://${issuer.firebaseHost}/identitytoolkit.googleapis.com/v1/accounts:batchGet`)
  expect(asked.status).toBe(501)
  expect(await asked.text()).toContain('NOT_IN_THIS_STUB')
})
