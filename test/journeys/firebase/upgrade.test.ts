import { Secret } from '@strongroom/sss-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SssWorld, startSssWorld } from '../src/sss-world.ts'
import { codeIn, newEmail, newPhone, ownerOf } from '../src/wallet-owner.ts'
import { type Emulator, startEmulator } from './emulator.ts'
import { usersOf } from './users.ts'

let emulator: Emulator
let sss: SssWorld
beforeAll(async () => {
  emulator = await startEmulator()
  // The emulator signs nothing: logins are our issuer's, for the same users; what is asked of users, the emulator is asked.
  const { host, projectId } = emulator
  sss = await startSssWorld({ FIREBASE_AUTH_EMULATOR_HOST: host, FIREBASE_PROJECT_ID: projectId })
}, 240_000)
afterAll(async () => {
  await sss[Symbol.asyncDispose]()
  await emulator[Symbol.asyncDispose]()
})

const users = () => usersOf(emulator)
const issue = (claims: { subject: string; phone?: string; email?: string }) =>
  sss.world.issuer.issueToken({ audience: emulator.projectId, ...claims })

/** A user of the emulator with a wallet, and a code for an address. */
async function ownerWithPhone() {
  const [phone, email] = [newPhone(), newEmail()]
  const subject = await users().make({ phoneNumber: phone })
  const ann = ownerOf(sss, { phone })
  const { custody } = ann.device({ token: () => issue({ subject, phone }) })
  await custody.setUp(ann.seed)
  await ann.api.logins.sendLoginCode({ email })
  const code = codeIn(await sss.messageTo(email, 'code is: '))
  return { ann, custody, subject, phone, email, upgrade: () => custody.upgrade({ previousPhone: phone, email, code }) }
}

test('the address is linked and verified at Firebase, and its token signs the same user in', async () => {
  const { ann, subject, phone, email, upgrade } = await ownerWithPhone()
  const customToken = (await upgrade()) ?? ''
  expect(await users().find(subject)).toMatchObject({ email, emailVerified: true, phoneNumber: phone })
  expect(await users().signIn(customToken)).toMatchObject({ user_id: subject, email, email_verified: true })
  const authToken = new Secret(await issue({ subject, email, phone }))
  const record = await ann.api.keys.readAuthShare({ authToken, providerType: 'firebase' })
  expect(record).toMatchObject({ primaryDid: ann.did, shareVersion: 1 })
})

test('an address that is another user’s is refused, and the record stays under its number', async () => {
  const { ann, custody, subject, email, upgrade } = await ownerWithPhone()
  await users().make({ email })
  await expect(upgrade()).rejects.toMatchObject({
    status: 409,
    message: 'This email is already associated with another account.',
  })
  expect((await users().find(subject))?.email).toBeUndefined()
  expect(await custody.logIn()).toMatchObject({ outcome: 'ready', did: ann.did })
})

test('a user whom Firebase does not know is linked to nothing', async () => {
  const [phone, email] = [newPhone(), newEmail()]
  const ann = ownerOf(sss, { phone })
  const { custody } = ann.device({ token: () => issue({ subject: 'nobody-there', phone }) })
  await custody.setUp(ann.seed)
  await ann.api.logins.sendLoginCode({ email })
  const code = codeIn(await sss.messageTo(email, 'code is: '))
  await expect(custody.upgrade({ previousPhone: phone, email, code })).rejects.toMatchObject({ status: 500 })
})

test('a code for an address is traded for a token: Firebase has its user from then on, once', async () => {
  const email = newEmail()
  const { api } = ownerOf(sss, { email })
  const signInByCode = async () => {
    await api.logins.sendLoginCode({ email })
    const code = codeIn(await sss.messageTo(email, 'code is: '))
    const { token = '' } = await api.logins.verifyLoginCode({ email, code })
    return users().signIn(token)
  }
  const [first, again] = [await signInByCode(), await signInByCode()]
  expect(first).toMatchObject({ email, email_verified: true })
  expect(await users().find(String(first['user_id']))).toMatchObject({ email, emailVerified: true })
  expect(again['user_id']).toBe(first['user_id'])
})
