import assert from 'node:assert/strict'
import { createHmac, randomInt } from 'node:crypto'
import { DocumentsManager, errors, openBrowser } from './client.mjs'

const password = 'a password of the story'
const newPassword = 'another password: ö'

/**
 * One owner's life with the published client. Each step is `{ promise, prove }`; they share one life and run in order.
 * `readLink(address)` answers the payload of the newest link that was mailed there, `readCode(address)` the newest code,
 * each once; `objectsUrl` is where forms are posted. A step that needs what is not given has no `prove`, but `lacks`: the names of what it needs.
 */
export function tellWalletStory({ identityStorageUrl, readLink, readCode, objectsUrl }) {
  const life = { identityStorageUrl, readLink, readCode, objectsUrl, email: `Owner-${randomInt(2 ** 40)}@example.com` }
  return [
    ...aWallet(life),
    ...withHelpers({ readLink }, [...aVerifiedWallet(life), ...aChangedPassword(life), ...aSecondFactor(life)]),
    ...withHelpers({ readLink }, whatAnAccountKeeps(life)),
    ...withHelpers({ readLink, objectsUrl }, aDocument(life)),
    ...withHelpers({ readLink, readCode }, aLostPassword(life)),
  ]
}

const step = (promise, prove) => ({ promise, prove })

function withHelpers(helpers, steps) {
  const lacks = Object.keys(helpers).filter((name) => !helpers[name])
  return lacks.length === 0 ? steps : steps.map(({ promise }) => ({ promise, lacks }))
}

const aWallet = (life) => [
  step('a wallet is made, with an account on the ledger and a recovery signer', async () => {
    life.browser = await openBrowser(life)
    const { wallet, response } = await life.browser.wallets.create(life.email, password)
    life.first = wallet
    assert.equal(response.data.id, wallet.id)
    assert.match(wallet.sessionId, /^[0-9A-Z]{26}$/)
    assert.match(wallet.sessionKey, /^[0-9a-f]{64}$/)
    const signers = await life.browser.signers.getSigners(wallet.accountId)
    assert.equal(signers.length, 2)
  }),
  step('the same address again is the client’s ConflictError', async () => {
    await assert.rejects(life.browser.wallets.create(life.email, password), errors.ConflictError)
  }),
  step('before it is verified it is the client’s VerificationRequiredError, which knows the wallet’s id', async () => {
    await assert.rejects(life.browser.wallets.get(life.email, password), (error) => {
      assert.ok(error instanceof errors.VerificationRequiredError, String(error))
      assert.equal(error.meta.walletId, life.first.id)
      return true
    })
  }),
]

const aVerifiedWallet = (life) => [
  step('the mail is sent once more, and its link verifies the wallet', async () => {
    const { browser, email } = life
    await browser.wallets.resendEmail(life.first.id)
    await browser.wallets.verifyEmail(await life.readLink(email))
  }),
  step('it is opened by address, in any case, and password', async () => {
    const wallet = await life.browser.wallets.get(life.email.toUpperCase(), password)
    assert.equal(wallet.accountId, life.first.accountId)
    assert.equal(wallet.keypair.secret(), life.first.keypair.secret())
    life.browser.api.useWallet(wallet)
    life.wallet = wallet
  }),
  step('a wrong password and an unknown address are the client’s NotFoundError', async () => {
    await assert.rejects(life.browser.wallets.get(life.email, 'wrong'), errors.NotFoundError)
    await assert.rejects(life.browser.wallets.get(`no-${life.email}`, password), errors.NotFoundError)
  }),
  step('the session is read, and lasts', async () => {
    const { data } = await life.browser.api.get(`/sessions/${life.wallet.sessionId}`)
    assert.equal(data.encryptionKey, life.wallet.sessionKey)
    assert.ok(new Date(data.expiresAt) > new Date())
  }),
  step('the factors are listed by a signed call', async () => {
    const { data } = await life.browser.api.getWithSignature(`/wallets/${life.wallet.id}/factors`)
    assert.deepEqual(
      data.map(({ type }) => type),
      ['password'],
    )
  }),
]

const aChangedPassword = (life) => [
  step('the password is changed once the old one is proven, with the same signature again', async () => {
    const { browser, email } = life
    const refused = await refusalOf(browser.wallets.changePassword(newPassword), errors.TFARequiredError)
    assert.equal(refused.meta.factorType, 'password')
    await browser.factors.verifyPasswordFactorAndRetry(refused, password)
    const changed = await browser.wallets.get(email, newPassword)
    assert.equal(changed.accountId, life.first.accountId)
    assert.notEqual(changed.keypair.secret(), life.first.keypair.secret())
    const keys = (await browser.signers.getSigners(changed.accountId)).map(({ id }) => id)
    assert.ok(keys.includes(changed.keypair.accountId()))
    assert.ok(!keys.includes(life.first.keypair.accountId()))
    browser.api.useWallet(changed)
    life.wallet = changed
  }),
  step('the old password opens nothing, and the old key signs for nothing', async () => {
    const { browser, wallet, first } = life
    await assert.rejects(browser.wallets.get(life.email, password), errors.NotFoundError)
    const old = await openBrowser(life)
    old.api.useWallet(first)
    const create = old.api.postWithSignature(`/wallets/${wallet.id}/factors`, { data: { type: 'totp' } })
    await assert.rejects(create, errors.NotAllowedError)
  }),
  step('a wrong old password is refused, and the right one is taken after it', async () => {
    const { browser } = life
    const factors = `/wallets/${life.wallet.id}/factors`
    const refused = await refusalOf(
      browser.api.postWithSignature(factors, { data: { type: 'totp' } }),
      errors.TFARequiredError,
    )
    await assert.rejects(browser.factors.verifyPasswordFactor(refused, 'wrong'))
    const { data } = await browser.factors.verifyPasswordFactorAndRetry(refused, newPassword)
    life.totp = data
    assert.match(data.seed, /^otpauth:\/\/totp\//)
  }),
]

const aSecondFactor = (life) => [
  step('TOTP is enabled with its first code', async () => {
    const { browser, totp } = life
    const call = browser.api.patchWithSignature(`/wallets/${life.wallet.id}/factors/${totp.id}`, {
      data: { id: totp.id, attributes: { priority: 101 } },
    })
    const refused = await refusalOf(call, errors.TFARequiredError)
    assert.equal(refused.meta.factorType, 'totp')
    life.used = codeOf(totp.secret, 0)
    await browser.factors.verifyTotpFactorAndRetry(refused, life.used)
  }),
  step('TOTP is demanded at sign-in, a code is good once, and the next one opens the wallet', async () => {
    const { browser, email, totp } = life
    const refused = await refusalOf(browser.wallets.get(email, newPassword), errors.TFARequiredError)
    // The very code: its half minute may be over, and then another one would be asked for.
    await assert.rejects(browser.factors.verifyTotpFactor(refused, life.used))
    await browser.factors.verifyTotpFactor(refused, codeOf(totp.secret, 1))
    const wallet = await browser.wallets.get(email, newPassword)
    assert.equal(wallet.accountId, life.first.accountId)
  }),
  step('TOTP is deleted once the password is proven', async () => {
    const { browser, totp } = life
    const call = browser.api.deleteWithSignature(`/wallets/${life.wallet.id}/factors/${totp.id}`)
    const refused = await refusalOf(call, errors.TFARequiredError)
    assert.equal(refused.meta.factorType, 'password')
    await browser.factors.verifyPasswordFactorAndRetry(refused, newPassword)
    await browser.wallets.get(life.email, newPassword)
  }),
]

const whatAnAccountKeeps = (life) => [
  step('a private blob is made and read by its owner, and refused to a stranger', async () => {
    const { browser, wallet } = life
    const value = JSON.stringify({ first_name: 'Ann' })
    const blobs = `/accounts/${wallet.accountId}/blobs`
    const made = await browser.api.postWithSignature(blobs, { data: { type: 'kyc_form', attributes: { value } } })
    const { data } = await browser.api.getWithSignature(`${blobs}/${made.data.id}`)
    assert.equal(data.value, value)
    life.stranger = await openBrowser(life)
    const { wallet: other } = await life.stranger.wallets.create(`stranger-${life.email}`, password)
    life.stranger.api.useWallet(other)
    await assert.rejects(life.stranger.api.getWithSignature(`${blobs}/${made.data.id}`), errors.NotAllowedError)
  }),
  step('an account is found by its address', async () => {
    const { data } = await life.browser.api.get('/identities', {
      filter: { identifier: life.email.toLowerCase() },
      page: { limit: 1 },
    })
    assert.deepEqual(
      data.map(({ address, status }) => [address, status]),
      [[life.first.accountId, 'active']],
    )
  }),
]

const aDocument = (life) => [
  step('a document is uploaded by a form, and read at an address that is signed for its owner', async () => {
    const { browser, objectsUrl } = life
    const documents = new DocumentsManager({ apiCaller: browser.api, storageURL: objectsUrl })
    const file = Buffer.from('%PDF-1.7 of the story')
    const key = await documents.uploadDocument({ type: 'kyc_poa', mimeType: 'application/pdf', file })
    const url = await documents.getPrivateUrl(key)
    assert.equal(await (await fetch(url)).text(), file.toString())
    const path = `/documents/${key}`
    await assert.rejects(life.stranger.api.getWithSignature(path), errors.NotAllowedError)
  }),
]

const aLostPassword = (life) => [
  step('a lost password is replaced by a code by e-mail and a new key, for the same account', async () => {
    const browser = await openBrowser(life)
    const refused = await refusalOf(browser.wallets.kycRecovery(life.email, password), errors.TFARequiredError)
    assert.equal(refused.meta.factorType, 'email')
    await browser.factors.verifyTotpFactorAndRetry(refused, await life.readCode(life.email))
    const recovered = await browser.wallets.get(life.email, password)
    assert.equal(recovered.accountId, life.first.accountId)
    life.recovered = { browser, wallet: recovered }
  }),
  step('until an administrator approves, the new key signs for nothing that is the account’s', async () => {
    const { browser, wallet } = life.recovered
    browser.api.useWallet(wallet)
    const create = browser.api.postWithSignature(`/wallets/${wallet.id}/factors`, { data: { type: 'totp' } })
    await assert.rejects(create, errors.NotAllowedError)
  }),
]

/** What a call is refused with, which must be of that kind. */
async function refusalOf(call, kind) {
  try {
    await call
  } catch (error) {
    assert.ok(error instanceof kind, `another error: ${String(error)}`)
    return error
  }
  assert.fail('the call was not refused')
}

const STEP = 30_000

/** RFC 6238 as an authenticator app computes it, some steps ahead. */
function codeOf(secret, ahead) {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP) + ahead))
  const mac = createHmac('sha1', base32(secret)).update(message).digest()
  const at = mac[19] & 0xf
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0')
}

function base32(text) {
  const bits = [...text]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)))
}
