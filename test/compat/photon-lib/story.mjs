import assert from 'node:assert/strict'
import { openPhone } from './client.mjs'

const seed = { mnemonic: 'a seed that only the owner has', account: 0 }
const allowed = 10

/** One owner's life with the published client. Each step is `{ promise, prove }`; they share one phone and run in order. */
export function tellBackupStory({ keyServerUrl }) {
  let phone
  const cloud = new Map()
  return [
    step('a backup is created and its key comes back', async () => {
      phone = await openPhone({ keyServerUrl, cloud })
      await phone.KeyBackup.createBackup({ data: seed, pin: '1234' })
      assert.deepEqual(await phone.KeyBackup.restoreBackup({ pin: '1234' }), seed)
    }),
    step('a second phone of the same owner restores it', async () => {
      const second = await openPhone({ keyServerUrl, cloud })
      assert.equal(await second.KeyBackup.checkForExistingBackup(), true)
      assert.deepEqual(await second.KeyBackup.restoreBackup({ pin: '1234' }), seed)
      second.close()
    }),
    step('a wrong PIN is the client’s error', async () => {
      await assert.rejects(phone.KeyBackup.restoreBackup({ pin: '4321' }), /^Error: Keyserver error: Invalid params$/)
    }),
    step('the PIN is changed, to one with signs and letters beyond ASCII', async () => {
      await phone.KeyBackup.changePin({ pin: '1234', newPin: '#!Pa$$wörD' })
    }),
    step('the new PIN restores', async () => {
      assert.deepEqual(await phone.KeyBackup.restoreBackup({ pin: '#!Pa$$wörD' }), seed)
    }),
    step('the old PIN does not', async () => {
      await assert.rejects(phone.KeyBackup.restoreBackup({ pin: '1234' }), /^Error: Keyserver error: Invalid params$/)
    }),
    step('ten wrong PINs are answered, the eleventh is a RateLimitError with its delay', async () => {
      // A success first: it gives back the guess that the step before has spent.
      await phone.KeyBackup.restoreBackup({ pin: '#!Pa$$wörD' })
      for (let guess = 1; guess <= allowed; guess++) {
        await assert.rejects(phone.KeyBackup.restoreBackup({ pin: '0000' }), /Invalid params/, `guess ${guess}`)
      }
      const refusal = await phone.KeyBackup.restoreBackup({ pin: '0000' }).catch((error) => error)
      assertRateLimited(refusal, phone)
    }),
    step('the right PIN waits as long', async () => {
      const refusal = await phone.KeyBackup.restoreBackup({ pin: '#!Pa$$wörD' }).catch((error) => error)
      assertRateLimited(refusal, phone)
    }),
    step('a PIN with a colon opens what it was set for', async () => {
      const other = await openPhone({ keyServerUrl })
      await other.KeyBackup.createBackup({ data: seed, pin: '12:34' })
      assert.deepEqual(await other.KeyBackup.restoreBackup({ pin: '12:34' }), seed)
      other.close()
    }),
  ]
}

const step = (promise, prove) => ({ promise, prove })

function assertRateLimited(refusal, phone) {
  assert.ok(refusal instanceof phone.RateLimitError, `not a RateLimitError: ${refusal}`)
  assert.equal(refusal.message, 'Keyserver error: Rate limit until')
  assert.equal(new Date(refusal.delay).toISOString(), refusal.delay)
}
