import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@strongroom/crypto'
import { HsmUnavailable } from '../../errors.ts'
import { promisesOf } from '../token-promise.ts'
import { untilHealed } from '../until-healed.ts'

const message = new Uint8Array(1)

/** Each may speak of the data or of the device; the last is a vendor's. */
const codes = [0x05, 0x06, 0x30, 0x40, 0x90, 0xb3, 0x8000_0123]

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
      await rejects(keystore.mac('code', message), (error: HsmUnavailable) => error.retryAfterSeconds >= 1)
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
      let [right, away] = [0, 0]
      for (let round = 0; round < 60; round++) {
        if (round % 20 === 10) device.reset()
        try {
          ok(isDeepStrictEqual(await keystore.mac('code', message), mac), 'a wrong answer')
          right++
        } catch (error) {
          if (!(error instanceof HsmUnavailable)) throw error
          away++
        }
        await sleep(10)
      }
      ok(right > 0 && away > 0, `${right} right answers and ${away} outages`)
      await untilHealed(keystore)
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
      const place = { table: 'keys', row: 'row-1', owner: 'ada', purpose: 'conformance' }
      const envelope = await keystore.seal(new Secret('kept'), place)
      const device = faults()
      device.fail(['C_Decrypt', 'C_OpenSession', 'C_Initialize'], { name: 'CKR_GENERAL_ERROR', code: 5 })
      await rejects(keystore.open(envelope, place), HsmUnavailable)
      device.mend()
      await untilHealed(keystore)
      ok((await keystore.open(envelope, place)).equals(new Secret('kept')), 'it does not open any more')
    },
  },
)
