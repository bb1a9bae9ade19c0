import { equal } from 'node:assert/strict'
import { Secret } from '@strongroom/crypto'
import { openKeystore } from '../../open-keystore.ts'
import { memoryPinLatch } from '../../testing/memory-pin-latch.ts'
import { isRefused } from '../assertions.ts'
import { promisesOf } from '../token-promise.ts'

export const pins = promisesOf(
  { area: 'the PIN', needs: [] },
  {
    'a wrong PIN is tried once, remembered, and not tried again until it changes': async ({ connection, faults }) => {
      // The refusal is made up: nobody's own token is asked to count a wrong PIN.
      const pinLatch = memoryPinLatch()
      const device = faults()
      const logins = device.calls('C_Login')
      const open = (pin: Secret) => openKeystore({ ...connection, pinLatch, pin, keys: [] })
      device.fail(['C_Login'], { name: 'CKR_PIN_INCORRECT', code: 0xa0 })
      await isRefused(open(new Secret('wrong')), 'pin-refused')
      await isRefused(open(new Secret('wrong')), 'pin-latched')
      equal(device.calls('C_Login') - logins, 1, 'another number of logins')
      device.mend()
      await (await open(connection.pin)).close()
    },
  },
)
