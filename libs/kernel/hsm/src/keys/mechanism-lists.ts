import { CKK, CKM, CKO } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import { encodeMechanisms } from '../pkcs11/template.ts'
import type { TokenAccess } from './token-key.ts'

/**
 * Whether `CKA_ALLOWED_MECHANISMS` binds: SoftHSM enforces it, NSS stores it and looks away, opencryptoki refuses it.
 * A throw-away key that may do GCM only is asked for ECB. The session is not used afterwards.
 */
export function proveMechanismLists(session: Session): TokenAccess['mechanismLists'] {
  try {
    const key = session.generateKey(CKM.aesKeyGen, {
      class: CKO.secretKey,
      keyType: CKK.aes,
      token: false,
      valueLength: 32,
      encrypt: true,
      allowedMechanisms: encodeMechanisms([CKM.aesGcm]),
    })
    return refusesEcb(() => session.encrypt({ mechanism: CKM.aesEcb }, key, new Uint8Array(16)))
      ? 'honoured'
      : 'ignored'
  } catch (error) {
    if (isDeviceError(error)) return 'ignored'
    throw error
  }
}

function refusesEcb(encrypt: () => unknown): boolean {
  try {
    encrypt()
    return false
  } catch (error) {
    if (isDeviceError(error, CKR_MECHANISM_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED)) return true
    throw error
  }
}

const CKR_KEY_FUNCTION_NOT_PERMITTED = 0x68
const CKR_MECHANISM_INVALID = 0x70
