import pkcs11js, { type Handle, type PKCS11, type Template } from 'pkcs11js'
import type { SoftToken } from '@strongroom/hsm/testing'
import { pinOf, variablesOf } from './command-line.ts'

/** Logs in below the keystore, to make there what no keystore makes. One at a time, while nothing else of this process uses the module. */
export function onToken<T>(token: SoftToken, work: (pkcs11: PKCS11, session: Handle) => T): T {
  const pkcs11 = new pkcs11js.PKCS11()
  pkcs11.load(token.module.path)
  Object.assign(process.env, variablesOf(token))
  pkcs11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK })
  try {
    const slot = pkcs11
      .C_GetSlotList(true)
      .find((one) => pkcs11.C_GetTokenInfo(one).label.trimEnd() === token.tokenLabel) as Handle
    const session = pkcs11.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
    pkcs11.C_Login(session, pkcs11js.CKU_USER, pinOf(token))
    return work(pkcs11, session)
  } finally {
    pkcs11.C_Finalize()
    for (const name of Object.keys(variablesOf(token))) Reflect.deleteProperty(process.env, name)
  }
}

/** A seal key that is not as it should be, and its label. */
export function makeSealKey(token: SoftToken, label: string, changes: Template): void {
  const usual: Template = [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: false },
    { type: pkcs11js.CKA_ENCRYPT, value: true },
    { type: pkcs11js.CKA_DECRYPT, value: true },
    { type: pkcs11js.CKA_WRAP, value: false },
    { type: pkcs11js.CKA_UNWRAP, value: false },
    { type: pkcs11js.CKA_SIGN, value: false },
    { type: pkcs11js.CKA_VERIFY, value: false },
    { type: pkcs11js.CKA_DERIVE, value: false },
    { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
    { type: pkcs11js.CKA_LABEL, value: label },
  ]
  const template = usual.map((one) => changes.find(({ type }) => type === one.type) ?? one)
  onToken(token, (pkcs11, session) => pkcs11.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, template))
}
