import { randomInt } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import type { PKCS11 } from 'pkcs11js'
import { CKF, CKU } from '../pkcs11/cryptoki.ts'
import { toDeviceError } from '../pkcs11/device-error.ts'
import { acquireModule, type ModuleSource } from '../pkcs11/module-registry.ts'
import type { Handle } from '../pkcs11/session.ts'

const LABEL_BYTES = 32
/** What every new token is delivered with. */
const DELIVERED_OFFICER_PIN = '87654321'
const MOST_PIN_BYTES = 8

/**
 * Gives the soft token of a private openCryptoki a label and a user's PIN, which is answered. It wants every PIN changed
 * that somebody else set, and takes 4 to 8 characters. In a process that was started with its environment.
 */
export function initialiseOpencryptokiToken(module: ModuleSource, label: string): Secret {
  const loaded = acquireModule(module)
  const { pkcs11 } = loaded
  const [officerPin, firstPin, pin] = [drawPin(), drawPin(), drawPin()] as const
  try {
    const [slot] = pkcs11.C_GetSlotList(true)
    if (slot === undefined) throw new TypeError('the module has no slot')
    pkcs11.C_InitToken(slot, DELIVERED_OFFICER_PIN, label.padEnd(LABEL_BYTES))
    inSession(pkcs11, slot, (session) => {
      pkcs11.C_Login(session, CKU.so, DELIVERED_OFFICER_PIN)
      pkcs11.C_SetPIN(session, DELIVERED_OFFICER_PIN, officerPin)
      pkcs11.C_InitPIN(session, firstPin)
    })
    inSession(pkcs11, slot, (session) => {
      pkcs11.C_Login(session, CKU.user, firstPin)
      pkcs11.C_SetPIN(session, firstPin, pin)
    })
    return new Secret(pin)
  } catch (error) {
    throw toDeviceError(error, 'C_InitToken')
  } finally {
    loaded.release()
  }
}

function inSession(pkcs11: PKCS11, slot: Handle, body: (session: Handle) => void): void {
  const session = pkcs11.C_OpenSession(slot, CKF.serialSession | CKF.rwSession)
  body(session)
  // The login ends with it.
  pkcs11.C_CloseSession(session)
}

const drawPin = (): string => String(randomInt(10 ** MOST_PIN_BYTES)).padStart(MOST_PIN_BYTES, '0')
