import { softToken } from '@strongroom/hsm/testing'
import pkcs11js from 'pkcs11js'
import { answerRepeats } from './repeat.ts'

// The token itself, asked by the shortest way: Ed25519 with a key of its own, in one session.
const token = await softToken()
const { path, environment = {} } = typeof token.module === 'string' ? { path: token.module } : token.module
Object.assign(process.env, environment)
const p11 = new pkcs11js.PKCS11()
p11.load(path)
p11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK })
const slot = p11.C_GetSlotList(true).find((one) => p11.C_GetTokenInfo(one).label.trimEnd() === token.tokenLabel)
if (slot === undefined) throw new Error('the token is not there')
const session = p11.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
p11.C_Login(session, pkcs11js.CKU_USER, Buffer.from(token.pin.expose()).toString('utf8'))

// PKCS#11 v3.0: CKK_EC_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA; the curve by its name, as SoftHSM wants it.
const [EDWARDS, EDWARDS_PAIR, EDDSA] = [0x40, 0x1055, 0x1057]
const curve = Buffer.from('130c656477617264733235353139', 'hex')
const { privateKey } = p11.C_GenerateKeyPair(
  session,
  { mechanism: EDWARDS_PAIR },
  [
    { type: pkcs11js.CKA_KEY_TYPE, value: EDWARDS },
    { type: pkcs11js.CKA_EC_PARAMS, value: curve },
    { type: pkcs11js.CKA_VERIFY, value: true },
  ],
  [
    { type: pkcs11js.CKA_KEY_TYPE, value: EDWARDS },
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SIGN, value: true },
  ],
)
const hash = Buffer.alloc(32)
const out = Buffer.alloc(64)

process.on('exit', () => void token.remove())
answerRepeats({
  sign() {
    p11.C_SignInit(session, { mechanism: EDDSA }, privateKey)
    return p11.C_Sign(session, hash, out)
  },
})
