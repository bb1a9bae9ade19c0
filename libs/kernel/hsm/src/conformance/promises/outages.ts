import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@strongroom/crypto'
import { HsmUnavailable } from '../../errors.ts'
import { isLong, same, sameSecret } from '../assertions.ts'
import { promisesOf } from '../token-promise.ts'
import { binding } from '../trial.ts'
import { untilHealed } from '../until-healed.ts'

const message = new Uint8Array(1)
const TRIES = 500

const kept = new Secret('kept')

/** Each may speak of the data or of the device; the last is a vendor's. */
const codes = [0x05, 0x06, 0x30, 0x40, 0x90, 0xb3, 0x8000_0123]

const saysWhenToComeBack = (error: unknown) => error instanceof HsmUnavailable && error.retryAfterSeconds >= 1

// On MACs, which every token here can do; other operations go the same way.
export const outages = promisesOf(
  { area: 'outages', needs: ['mac'] },
  {
    'a device that fails computes nothing, and it heals by itself': async ({ open, faults }) => {
      const keystore = await open()
      const mac = await keystore.mac('code', message)
      const device = faults()
      const failure = { name: 'CKR_DEVICE_ERROR', code: 0x30 }
      device.fail(['C_DecryptInit', 'C_SignInit', 'C_UnwrapKey', 'C_OpenSession', 'C_Initialize'], failure)
      await rejects(keystore.mac('code', message), HsmUnavailable)
      await rejects(keystore.check(), HsmUnavailable)
      throws(() => keystore.assertAvailable(), HsmUnavailable)
      device.mend()
      await untilHealed(keystore)
      deepEqual(await keystore.mac('code', message), mac, 'another MAC than before')
    },

    'while it is known to be away, no call reaches the device': async ({ open, faults }) => {
      const keystore = await open({ random: () => 1, probeIntervalMs: 60_000 })
      const device = faults()
      device.fail(['C_SignInit', 'C_OpenSession', 'C_Initialize'], { name: 'CKR_DEVICE_REMOVED', code: 0x32 })
      await rejects(keystore.mac('code', message), HsmUnavailable)
      const calls = device.calls()
      await rejects(keystore.mac('code', message), saysWhenToComeBack)
      for (let tries = 0; tries < 100; tries++) throws(() => keystore.assertAvailable(), HsmUnavailable)
      equal(device.calls(), calls, 'a call reached the device')
    },

    'one transient error costs a session and nothing else, whatever its code': async ({ open, faults }) => {
      const keystore = await open()
      const mac = await keystore.mac('code', message)
      const device = faults()
      for (const code of codes) {
        device.fail(['C_Sign'], { name: 'CKR_X', code, times: 1 })
        deepEqual(await keystore.mac('code', message), mac, 'another MAC than before')
      }
    },

    'a device that resets under load gives right answers or none': async ({ open, faults }) => {
      const keystore = await open()
      const mac = await keystore.mac('code', message)
      const device = faults()
      let away = 0
      const isRight = async (): Promise<boolean> => {
        try {
          same(await keystore.mac('code', message), mac, 'the MAC')
          return true
        } catch (error) {
          if (!(error instanceof HsmUnavailable)) throw error
          away++
          return false
        }
      }
      for (let resets = 0; resets < 3; resets++) {
        device.reset()
        for (let right = 0, tries = 0; right < 10; tries++) {
          ok(tries < TRIES, 'it does not come back')
          if (await isRight()) right++
          else await sleep(10)
        }
      }
      ok(away > 0, 'no reset was noticed')
    },

    'a closed keystore answers nothing': async ({ open }) => {
      const keystore = await open()
      await keystore.close()
      await keystore.close()
      await rejects(keystore.mac('code', message), HsmUnavailable)
    },
  },
)

export const sealedOutages = promisesOf(
  { area: 'outages', needs: ['seal'] },
  {
    'an outage never looks like a value that was altered': async ({ open, faults }) => {
      const keystore = await open()
      const envelope = await keystore.seal(kept, binding)
      const device = faults()
      device.fail(['C_Decrypt', 'C_OpenSession', 'C_Initialize'], { name: 'CKR_GENERAL_ERROR', code: 5 })
      await rejects(keystore.open(envelope, binding), HsmUnavailable)
      device.mend()
      await untilHealed(keystore)
      sameSecret(await keystore.open(envelope, binding), kept, 'the value after an outage')
    },

    'one transient error never looks like a value that was altered, whatever its code': async ({ open, faults }) => {
      const keystore = await open()
      const envelope = await keystore.seal(kept, binding)
      const device = faults()
      for (const code of codes) {
        device.fail(['C_Decrypt'], { name: 'CKR_X', code, times: 1 })
        sameSecret(await keystore.open(envelope, binding), kept, 'the value after an error')
      }
    },
  },
)

export const lockedOutages = promisesOf(
  { area: 'outages', needs: ['seal', 'wrap', 'mac'] },
  {
    'an outage never looks like a wrong factor': async ({ open, faults }) => {
      const keystore = await open()
      const lock = { binding, factor: new Secret('1234') }
      const locked = await keystore.issueLockedKey(lock)
      const device = faults()
      device.fail(['C_SignInit', 'C_OpenSession', 'C_Initialize'], { name: 'CKR_DEVICE_ERROR', code: 0x30 })
      await rejects(keystore.openLockedKey(lock, locked), HsmUnavailable)
      await rejects(keystore.fitsLock(lock, locked), HsmUnavailable)
      device.mend()
      await untilHealed(keystore)
      isLong(await keystore.openLockedKey(lock, locked), 32, 'the key after an outage')
    },
  },
)
