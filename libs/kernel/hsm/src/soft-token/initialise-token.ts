import { CKF, CKU } from '../pkcs11/cryptoki.ts'
import { toDeviceError } from '../pkcs11/device-error.ts'
import { acquireModule, type ModuleSource } from '../pkcs11/module-registry.ts'
import type { Handle } from '../pkcs11/session.ts'

const LABEL_BYTES = 32

interface Initialisation {
  readonly label: string
  readonly pin: string
  /** NSS takes the empty one only. */
  readonly officerPin: string
}

/** `C_InitToken`, then `C_InitPIN`, on the first slot that the module offers for it. Throws `DeviceError`. */
export function initialiseToken(source: ModuleSource, { label, pin, officerPin }: Initialisation): void {
  const module = acquireModule(source)
  const { pkcs11 } = module
  try {
    const before = pkcs11.C_GetSlotList(true)
    const slot = before.find((candidate) => !hasFlag(candidate, CKF.tokenInitialized)) ?? before.at(-1)
    if (slot === undefined) throw new TypeError('the module has no slot')
    pkcs11.C_InitToken(slot, officerPin, label.padEnd(LABEL_BYTES))
    setUserPin(slotOf(label) ?? slot)
  } catch (error) {
    throw toDeviceError(error, 'C_InitToken')
  } finally {
    module.release()
  }

  function setUserPin(slot: Handle): void {
    const session = pkcs11.C_OpenSession(slot, CKF.serialSession | CKF.rwSession)
    pkcs11.C_Login(session, CKU.so, officerPin)
    pkcs11.C_InitPIN(session, pin)
    pkcs11.C_CloseSession(session)
  }

  function hasFlag(slot: Handle, flag: number): boolean {
    return (pkcs11.C_GetTokenInfo(slot).flags & flag) !== 0
  }

  // SoftHSM gives the token another slot number than the one it was initialised in.
  function slotOf(name: string): Handle | undefined {
    return pkcs11.C_GetSlotList(true).find((slot) => pkcs11.C_GetTokenInfo(slot).label.trimEnd() === name)
  }
}
