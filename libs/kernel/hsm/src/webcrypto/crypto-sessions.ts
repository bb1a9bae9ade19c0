import { Module, SessionFlag } from 'graphene-pk11'
import { Crypto } from 'node-webcrypto-p11'
import { HsmUnavailable } from '../errors.ts'
import { toDeviceError } from '../pkcs11/device-error.ts'
import type { LoadedModule } from '../pkcs11/module-registry.ts'
import type { Handle } from '../pkcs11/session.ts'
import { guardBinding } from './guarded-binding.ts'

/** One session, and the library on it: it does one thing at a time. */
export interface CryptoSession {
  readonly crypto: Crypto
  close(): void
}

/** Opens sessions that share the login of this process; none of them ends it. Throws `HsmUnavailable`. */
export function cryptoSessions({ pkcs11 }: Pick<LoadedModule, 'pkcs11'>, slot: () => Handle) {
  const module = new Module(guardBinding(pkcs11))
  module.initialize()
  return function open(): CryptoSession {
    try {
      const slots = module.getSlots(true)
      const found = Array.from({ length: slots.length }, (_, at) => slots.items(at)).find(({ handle }) =>
        handle.equals(slot()),
      )
      if (found === undefined) throw new HsmUnavailable('the token is away')
      const session = found.open(SessionFlag.SERIAL_SESSION)
      const crypto = new Crypto({ session, name: 'strongroom' })
      return { crypto, close: () => closeQuietly(() => session.close()) }
    } catch (error) {
      throw error instanceof HsmUnavailable ? error : new HsmUnavailable(toDeviceError(error, 'C_OpenSession').message)
    }
  }
}

function closeQuietly(close: () => void): void {
  try {
    close()
  } catch {
    // A session that cannot be closed is gone already.
  }
}
