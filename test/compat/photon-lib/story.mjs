import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { openPhone } from './client.mjs'

const seed = { mnemonic: 'a seed that only the owner has', account: 0 }
const pin = '#!Pa$$wörD'
const newPin = 'a phrase: new'
const email = `owner-${randomInt(2 ** 40)}@example.com`
const phoneNumber = `+49151${String(randomInt(1e8)).padStart(8, '0')}`
const allowed = 10
const liveCodes = 3

/**
 * One owner's life with the published client. Each step is `{ promise, prove }`; they share one phone and run in order.
 * `readCode(address)` answers the newest code that was sent there, each once; `passDays(count)` moves the server's time
 * on. A step that needs one that is not given has no `prove`, but `lacks`: the names of what it needs.
 */
export function tellBackupStory({ keyServerUrl, readCode, passDays }) {
  const life = { keyServerUrl, readCode, passDays, cloud: new Map() }
  return [
    ...aBackup(life),
    ...withHelpers({ readCode }, theUsers(life)),
    ...withHelpers({ readCode, passDays }, aForgottenPin(life)),
    ...theLimits(life),
  ]
}

const step = (promise, prove) => ({ promise, prove })

function withHelpers(helpers, steps) {
  const lacks = Object.keys(helpers).filter((name) => !helpers[name])
  return lacks.length === 0 ? steps : steps.map(({ promise }) => ({ promise, lacks }))
}

const aBackup = (life) => [
  step('a backup is created and its key comes back', async () => {
    const { keyServerUrl, cloud } = life
    life.phone = await openPhone({ keyServerUrl, cloud })
    await life.phone.KeyBackup.createBackup({ data: seed, pin: '1234' })
    assert.deepEqual(await life.phone.KeyBackup.restoreBackup({ pin: '1234' }), seed)
  }),
  step('a second phone of the same owner restores it', async () => {
    const { keyServerUrl, cloud } = life
    const second = await openPhone({ keyServerUrl, cloud })
    assert.equal(await second.KeyBackup.checkForExistingBackup(), true)
    assert.deepEqual(await second.KeyBackup.restoreBackup({ pin: '1234' }), seed)
    second.close()
  }),
  step('a wrong PIN is the client’s error', async () => {
    await assert.rejects(life.phone.KeyBackup.restoreBackup({ pin: '4321' }), saying('Invalid params'))
  }),
  step('the PIN is changed, to one with signs and letters beyond ASCII', async () => {
    await life.phone.KeyBackup.changePin({ pin: '1234', newPin: pin })
  }),
  step('the new PIN restores', async () => {
    assert.deepEqual(await life.phone.KeyBackup.restoreBackup({ pin }), seed)
  }),
  step('the old PIN does not', async () => {
    await assert.rejects(life.phone.KeyBackup.restoreBackup({ pin: '1234' }), saying('Invalid params'))
  }),
]

const theUsers = (life) => [
  step('an e-mail address is registered and verified by the code that it is sent', async () => {
    const { KeyBackup } = life.phone
    await KeyBackup.registerEmail({ userId: email, pin })
    const code = await life.readCode(email)
    await assert.rejects(KeyBackup.verifyEmail({ userId: email, code: otherThan(code) }), saying('Invalid params'))
    await KeyBackup.verifyEmail({ userId: email, code })
    assert.equal(await KeyBackup.getEmail(), email)
  }),
  step('a code is good once', async () => {
    const { KeyBackup } = life.phone
    await KeyBackup.registerPhone({ userId: phoneNumber, pin })
    const code = await life.readCode(phoneNumber)
    await KeyBackup.verifyPhone({ userId: phoneNumber, code })
    assert.equal(await KeyBackup.getPhone(), phoneNumber)
    await assert.rejects(KeyBackup.verifyPhone({ userId: phoneNumber, code }), saying('Invalid params'))
  }),
  step('registering a verified address again is the client’s error', async () => {
    const again = life.phone.KeyBackup.registerEmail({ userId: email, pin })
    await assert.rejects(again, saying('User id already exists'))
  }),
  step('a phone number is removed, and known no more', async () => {
    const { KeyBackup } = life.phone
    await KeyBackup.removePhone({ userId: phoneNumber, pin })
    await assert.rejects(KeyBackup.removePhone({ userId: phoneNumber, pin }), saying('Invalid params'))
    await assert.rejects(KeyBackup.initPinReset({ userId: phoneNumber }), saying('Invalid params'))
  }),
  step('users are registered with the right PIN only', async () => {
    const wrongly = life.phone.KeyBackup.registerPhone({ userId: phoneNumber, pin: '0000' })
    await assert.rejects(wrongly, saying('Invalid params'))
  }),
  step('whoever asks for too many codes gets a RateLimitError with its delay', async () => {
    const other = await openPhone({ keyServerUrl: life.keyServerUrl })
    await other.KeyBackup.createBackup({ data: seed, pin })
    const askForCode = () => other.KeyBackup.registerPhone({ userId: phoneNumber, pin })
    for (let live = 1; live <= liveCodes; live++) await askForCode()
    assertRateLimited(await errorOf(askForCode()), other)
    other.close()
  }),
]

const aForgottenPin = (life) => {
  const proveReset = async () => {
    await life.phone.KeyBackup.initPinReset({ userId: email })
    const code = await life.readCode(email)
    return life.phone.KeyBackup.verifyPinReset({ userId: email, code, newPin })
  }
  let opensAt
  return [
    step('a reset of the PIN starts with a code, and answers when it opens: in thirty days', async () => {
      opensAt = await proveReset()
      assert.equal(new Date(opensAt).toISOString(), opensAt)
    }),
    step('whoever asks again is told the same moment', async () => {
      assert.equal(await proveReset(), opensAt)
    }),
    step('a wrong code is the client’s error', async () => {
      const { KeyBackup } = life.phone
      await KeyBackup.initPinReset({ userId: email })
      const code = otherThan(await life.readCode(email))
      await assert.rejects(KeyBackup.verifyPinReset({ userId: email, code, newPin }), saying('Invalid params'))
    }),
    step('on the twenty-ninth day it is the same moment still', async () => {
      await life.passDays(29)
      assert.equal(await proveReset(), opensAt)
    }),
    step('on the thirty-first the reset completes, and the backup restores with the new PIN', async () => {
      await life.passDays(2)
      assert.equal(await proveReset(), null)
      assert.deepEqual(await life.phone.KeyBackup.restoreBackup({ pin: newPin }), seed)
    }),
    step('the forgotten PIN does not restore it any more, and the new one is changed like any other', async () => {
      const { KeyBackup } = life.phone
      await assert.rejects(KeyBackup.restoreBackup({ pin }), saying('Invalid params'))
      await KeyBackup.changePin({ pin: newPin, newPin: pin })
    }),
  ]
}

const theLimits = (life) => [
  step('ten wrong PINs are answered, the eleventh is a RateLimitError with its delay', async () => {
    const { KeyBackup } = life.phone
    // A success first: it gives back the guesses that the steps before have spent.
    await KeyBackup.restoreBackup({ pin })
    for (let guess = 1; guess <= allowed; guess++) {
      await assert.rejects(KeyBackup.restoreBackup({ pin: '0000' }), /Invalid params/, `guess ${guess}`)
    }
    assertRateLimited(await errorOf(KeyBackup.restoreBackup({ pin: '0000' })), life.phone)
  }),
  step('the right PIN waits as long', async () => {
    assertRateLimited(await errorOf(life.phone.KeyBackup.restoreBackup({ pin })), life.phone)
  }),
  step('a PIN with a colon opens what it was set for', async () => {
    const other = await openPhone({ keyServerUrl: life.keyServerUrl })
    await other.KeyBackup.createBackup({ data: seed, pin: '12:34' })
    assert.deepEqual(await other.KeyBackup.restoreBackup({ pin: '12:34' }), seed)
    other.close()
  }),
]

const saying = (message) => ({ name: 'Error', message: `Keyserver error: ${message}` })
const otherThan = (code) => (code === '000000' ? '000001' : '000000')
const errorOf = (promise) => promise.catch((error) => error)

function assertRateLimited(refusal, phone) {
  assert.ok(refusal instanceof phone.RateLimitError, `not a RateLimitError: ${refusal}`)
  assert.equal(refusal.message, 'Keyserver error: Rate limit until')
  assert.equal(new Date(refusal.delay).toISOString(), refusal.delay)
}
