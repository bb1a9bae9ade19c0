import { randomBytes } from 'node:crypto'
import pkcs11js, { type Handle } from 'pkcs11js'
import { answerRepeats } from './repeat.ts'
import { MAC_USE, provisionToken } from './token.ts'

// The naive way: each operation opens a session, finds its key by label, uses it and closes the session. The login is
// kept by a session that stays open, or, for the operations named login-..., done anew each time.
const { token, source, keys } = await provisionToken(process.env['BENCH_MODULE'])
const labelOf = (job: string, use: string) => keys.find((key) => key.job === job && key.use === use)?.label ?? ''
const pin = Buffer.from(token.pin.expose()).toString('utf8')
Object.assign(process.env, source.environment)
const p11 = new pkcs11js.PKCS11()
p11.load(source.path)
const parameters = source.libraryParameters === undefined ? {} : { libraryParameters: `${source.libraryParameters} ` }
p11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK, ...parameters })
const flags = pkcs11js.CKF_SERIAL_SESSION
const slot = p11.C_GetSlotList(true).find((one) => p11.C_GetTokenInfo(one).label.trimEnd() === token.tokenLabel)
if (slot === undefined) throw new Error('the token is not there')
const message = Buffer.alloc(64)
const associated = Buffer.alloc(260)

function inSession<T>(login: 'kept' | 'each', body: (session: Handle) => T): T {
  const session = p11.C_OpenSession(slot as Handle, flags)
  try {
    if (login === 'each') p11.C_Login(session, pkcs11js.CKU_USER, pin)
    return body(session)
  } finally {
    p11.C_CloseSession(session)
  }
}

function find(session: Handle, label: string): Handle {
  p11.C_FindObjectsInit(session, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_LABEL, value: label },
  ])
  const [key] = p11.C_FindObjects(session, 1)
  p11.C_FindObjectsFinal(session)
  if (key === undefined) throw new Error(`no key ${label}`)
  return key
}

const mac = (session: Handle) => {
  p11.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA512_HMAC }, find(session, labelOf('mac', MAC_USE)))
  return p11.C_Sign(session, message, Buffer.alloc(64))
}
const gcm = (iv: Buffer) => ({
  mechanism: pkcs11js.CKM_AES_GCM,
  parameter: { type: pkcs11js.CK_PARAMS_AES_GCM_v240, iv, ivBits: 96, aad: associated, tagBits: 128 },
})
const seal = (session: Handle) => {
  const iv = randomBytes(12)
  p11.C_EncryptInit(session, gcm(iv), find(session, labelOf('seal', '')))
  return { iv, sealed: p11.C_Encrypt(session, Buffer.alloc(32), Buffer.alloc(64)) }
}
const open = (session: Handle, { iv, sealed }: ReturnType<typeof seal>) => {
  p11.C_DecryptInit(session, gcm(iv), find(session, labelOf('seal', '')))
  return p11.C_Decrypt(session, sealed, Buffer.alloc(64))
}
const sealAndOpen = (login: 'kept' | 'each') => {
  const sealed = inSession(login, seal)
  return inSession(login, (session) => open(session, sealed))
}

const keptBy: Handle[] = []
const keepLogin = () => {
  if (keptBy.length > 0) return
  const session = p11.C_OpenSession(slot, flags)
  p11.C_Login(session, pkcs11js.CKU_USER, pin)
  keptBy.push(session)
}
const dropLogin = () => {
  for (const session of keptBy.splice(0)) p11.C_CloseSession(session)
}

process.on('exit', () => void token.remove())
answerRepeats({
  mac: () => (keepLogin(), inSession('kept', mac)),
  'seal-open': () => (keepLogin(), sealAndOpen('kept')),
  'login-mac': () => (dropLogin(), inSession('each', mac)),
  'login-seal-open': () => (dropLogin(), sealAndOpen('each')),
})
