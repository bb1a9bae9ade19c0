import { once } from 'node:events'
import { passTime } from '@strongroom/sss-lca/testing'
import { combineShares, fromEmailShare, isSeedOf, Secret } from '@strongroom/sss-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SssWorld, startSssWorld } from '../src/sss-world.ts'
import { codeIn, newEmail, newPhone, ownerOf, shareIn, type WalletOwner } from '../src/wallet-owner.ts'

let sss: SssWorld
beforeAll(async () => {
  sss = await startSssWorld()
})
afterAll(async () => {
  await sss[Symbol.asyncDispose]()
})

const backupMail = 'Your LearnCard recovery key'
const subjectsTo = async (address: string) =>
  (await sss.world.app.messagesTo(address)).map(({ subject }) => subject).filter((subject) => subject !== '')

/** Set up on one device, with the backup mailed to the login's own address. */
async function settle(email = newEmail()) {
  const ann = ownerOf(sss, { email })
  const phone = ann.device({ backupTo: email })
  expect(await phone.custody.setUp(ann.seed)).toEqual({ shareVersion: 1, emailBackup: 'sent' })
  return { ann, phone, email }
}

const isSeed = ({ seed }: WalletOwner, found: { readonly seed: Secret }) => found.seed.equals(seed)

describe('a wallet that is set up', () => {
  test('opens on its device, and from the mailed share beside the device’s, without us', async () => {
    const { ann, phone, email } = await settle()
    const opened = await phone.custody.logIn()
    expect(opened).toMatchObject({ outcome: 'ready', did: ann.did, shareVersion: 1 })

    const mailed = fromEmailShare(shareIn(await sss.messageTo(email, backupMail)))
    const joined = await combineShares([mailed.share, await phone.share()], isSeedOf(ann.did))
    expect(mailed.shareVersion).toBe(1)
    expect(joined.equals(ann.seed)).toBe(true)
  })

  test('does not open on a device that has nothing, which is told what would help', async () => {
    const { ann, phone } = await settle()
    await phone.custody.addRecovery(ann.seed, { type: 'phrase' })
    expect(await ann.device().custody.logIn()).toMatchObject({
      outcome: 'recovery-needed',
      did: ann.did,
      methods: [{ type: 'phrase', shareVersion: 2 }],
    })
    expect(await ownerOf(sss, { email: newEmail() }).device().custody.logIn()).toEqual({ outcome: 'no-account' })
  })
})

describe('on a new device, with the login alone and', () => {
  test('the phrase, the file or the mailed share: each gives the seed, and a share of the device’s own', async () => {
    const { ann, phone, email } = await settle()
    const { phrase } = await phone.custody.addRecovery(ann.seed, { type: 'phrase' })
    const password = new Secret('correct horse battery staple')
    const { file } = await phone.custody.addRecovery(ann.seed, { type: 'backup', password })
    const emailShare = shareIn(await sss.messageTo(email, backupMail))
    const proofs = [
      { by: 'phrase', phrase },
      { by: 'backup', file: JSON.parse(JSON.stringify(file)) as unknown, password },
      { by: 'email', emailShare },
    ] as const
    for (const proof of proofs) {
      const fresh = ann.device()
      const found = await fresh.custody.recover(proof)
      expect(isSeed(ann, found)).toBe(true)
      await fresh.custody.rotate(found.seed)
      expect(await fresh.custody.logIn()).toMatchObject({ outcome: 'ready', did: ann.did })
    }
    // The device that was left alone still opens: the share that fits its own is one of the five before.
    expect(await phone.custody.logIn()).toMatchObject({ outcome: 'ready', shareVersion: 3 })
    await sss.messageTo(email, 'A way to recover your wallet was added')
    await sss.messageTo(email, 'A recovery share of your wallet was read')
    await sss.messageTo(email, 'The share of your wallet was replaced')
  })

  test('the share in the mailbox that is not the login’s: its address is proved by a code first', async () => {
    const { ann, phone } = await settle()
    const elsewhere = newEmail()
    await ann.api.keys.addRecoveryEmail(await ann.login(), elsewhere)
    const code = codeIn(await sss.messageTo(elsewhere, 'code is: '))
    const { maskedEmail } = await ann.api.keys.verifyRecoveryEmail(await ann.login(), code)
    expect(maskedEmail).toMatch(/^o\*+@example\.com$/)
    await phone.custody.addRecovery(ann.seed, { type: 'email' })
    const emailShare = shareIn(await sss.messageTo(elsewhere, backupMail))
    const found = await ann.device().custody.recover({ by: 'email', emailShare })
    expect(isSeed(ann, found)).toBe(true)
    expect(found.shareVersion).toBe(2)
  })

  test('a phrase or file of another wallet, or a wrong password: nothing', async () => {
    const [{ ann, phone }, other] = [await settle(), await settle()]
    const { phrase } = await other.phone.custody.addRecovery(other.ann.seed, { type: 'phrase' })
    const password = new Secret('right')
    const { file } = await phone.custody.addRecovery(ann.seed, { type: 'backup', password })
    const { custody } = ann.device()
    await expect(custody.recover({ by: 'phrase', phrase })).rejects.toMatchObject({ fault: 'wrong-seed' })
    const wrong = { by: 'backup', file, password: new Secret('wrong') } as const
    await expect(custody.recover(wrong)).rejects.toMatchObject({ fault: 'wrong-password' })
  })
})

test('six rotations later a way of recovery is gone with its version; one that is five old still serves', async () => {
  const { ann, phone, email } = await settle()
  const { phrase, shareVersion } = await phone.custody.addRecovery(ann.seed, { type: 'phrase' })
  const versions: number[] = []
  const rotate = async () => versions.push(await phone.custody.rotate(ann.seed))
  const methods = async () => (await ann.api.keys.readAuthShare(await ann.login()))?.recoveryMethods
  for (let times = 0; times < 5; times++) await rotate()
  expect(await methods()).toMatchObject([{ type: 'phrase', shareVersion }])
  expect(isSeed(ann, await ann.device().custody.recover({ by: 'phrase', phrase }))).toBe(true)

  await rotate()
  expect(versions).toEqual([3, 4, 5, 6, 7, 8])
  expect(await methods()).toEqual([])
  const gone = await ann.api.keys.readAuthShare(await ann.login(), { shareVersion })
  expect(gone).toMatchObject({ authShare: null, shareVersion: 8 })
  await expect(ann.device().custody.recover({ by: 'phrase', phrase })).rejects.toMatchObject({ fault: 'wrong-seed' })
  expect(await phone.custody.logIn()).toMatchObject({ outcome: 'ready', shareVersion: 8 })
  const told = 'The share of your wallet was replaced'
  await expect.poll(async () => (await subjectsTo(email)).filter((subject) => subject === told).length).toBe(7)
})

test('a phone number becomes an e-mail address, and whoever signs in with the token that came is the same person', async () => {
  const [previousPhone, email] = [newPhone(), newEmail()]
  const ann = ownerOf(sss, { phone: previousPhone })
  const phone = ann.device()
  await phone.custody.setUp(ann.seed)
  expect(await ann.api.logins.sendLoginCode({ email })).toEqual({ success: true })
  const code = codeIn(await sss.messageTo(email, 'code is: '))
  const customToken = (await phone.custody.upgrade({ previousPhone, email, code })) ?? ''

  const { idToken, claims } = await signInWith(customToken)
  expect(claims).toMatchObject({ email, phone_number: previousPhone, email_verified: true })
  const anew = ann.device({ token: () => Promise.resolve(idToken) })
  const record = await ann.api.keys.readAuthShare({ authToken: new Secret(idToken), providerType: 'firebase' })
  expect(record).toMatchObject({ primaryDid: ann.did, shareVersion: 1 })
  await anew.custody.rotate(ann.seed)
  expect(await anew.custody.logIn()).toMatchObject({ outcome: 'ready', shareVersion: 2 })
  expect(await sss.messageTo(previousPhone, 'moved')).toContain('another one')
  await sss.messageTo(email, 'The share of your wallet was replaced')
  const again = phone.custody.upgrade({ previousPhone, email, code })
  await expect(again).rejects.toMatchObject({ status: 400, message: 'Invalid or expired code. Please try again.' })
})

/** As Firebase's own client does with a custom token. */
async function signInWith(token: string) {
  const { firebaseHost } = sss.world.issuer
  const url = `http://${firebaseHost}/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=any`
  const body = JSON.stringify({ token, returnSecureToken: true })
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { idToken } = (await answer.json()) as { idToken: string }
  const claims: unknown = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8'))
  return { idToken, claims }
}

describe('what was deleted', () => {
  test('comes back whole within the hold, by the seed alone; after it nothing does', async () => {
    const { ann, phone, email } = await settle()
    const { phrase } = await phone.custody.addRecovery(ann.seed, { type: 'phrase' })
    await phone.custody.deleteKeys(ann.seed)
    expect(await phone.custody.logIn()).toEqual({ outcome: 'no-account' })
    await sss.messageTo(email, 'What we keep of your wallet was deleted')

    await passTime(sss.world.app, '6 days')
    expect(await phone.custody.restore(ann.seed)).toBe(2)
    expect(await phone.custody.logIn()).toMatchObject({ outcome: 'ready', shareVersion: 2 })
    expect(isSeed(ann, await ann.device().custody.recover({ by: 'phrase', phrase }))).toBe(true)
    await sss.messageTo(email, 'What we keep of your wallet was restored')

    await phone.custody.deleteKeys(ann.seed)
    await passTime(sss.world.app, '8 days')
    await expect(phone.custody.restore(ann.seed)).rejects.toMatchObject({ status: 404 })
    const held = async () => (await sss.world.app.sql('select count(*)::int as n from secret_shares.held'))[0]
    await expect.poll(held).toEqual({ n: 0 })
  })
})

test('what nobody was told of, because no worker ran, is told once when one does', async () => {
  const { ann, phone, email } = await settle()
  const gone = once(sss.worker.child, 'exit')
  sss.worker.child.kill('SIGKILL')
  await gone
  await phone.custody.rotate(ann.seed)
  await phone.custody.addRecovery(ann.seed, { type: 'phrase' })
  // The backup’s mail is the request’s own work; notices are a worker’s.
  expect(new Set(await subjectsTo(email))).toEqual(new Set([backupMail]))
  await sss.world.app.spawn({}, '--role=worker')
  const told = async () => (await subjectsTo(email)).filter((subject) => subject !== backupMail).toSorted()
  await expect
    .poll(told)
    .toEqual([
      'A way to recover your wallet was added',
      'The share of your wallet was replaced',
      'The share of your wallet was replaced',
    ])
})
