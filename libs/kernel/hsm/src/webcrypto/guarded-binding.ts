import type { AesGCM, Mechanism, PKCS11 } from 'pkcs11js'
import { CKM } from '../pkcs11/cryptoki.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'

type Callback = (error: Error | null, ...results: unknown[]) => void
type Native = (...parameters: unknown[]) => unknown

/** Run in the thread pool: several sessions compute at once. */
const pooled = ['C_Sign', 'C_Encrypt', 'C_Decrypt', 'C_Verify']
/** Run at once, whatever is asked: their asynchronous forms never free mechanism and template (pkcs11js issue 120). */
const immediate = ['C_GenerateKey', 'C_GenerateKeyPair']
const beginnings = ['C_SignInit', 'C_EncryptInit', 'C_DecryptInit', 'C_VerifyInit']
const harmless = [
  'C_GetInfo',
  'C_GetSlotList',
  'C_GetSlotInfo',
  'C_GetTokenInfo',
  'C_GetMechanismInfo',
  'C_OpenSession',
  'C_CloseSession',
  'C_GetSessionInfo',
  'C_GetAttributeValue',
  'C_SetAttributeValue',
  'C_DestroyObject',
  'C_FindObjectsInit',
  'C_FindObjects',
  'C_FindObjectsFinal',
]

/** A token that drew its own IV: what it encrypted would never open with the IV that the caller keeps. */
export class OtherIv extends Error {
  override readonly name = 'OtherIv'
}

/**
 * What node-webcrypto-p11 is given in place of the binding, whose asynchronous half reads arguments that were collected
 * meanwhile (pkcs11js issue 121): all are held until the answer, those of the beginning too. Nothing that ends the module,
 * its login, or a key's secrecy passes.
 */
export function guardBinding(pkcs11: PKCS11): PKCS11 {
  const begun = new Map<string, { parameters: readonly unknown[]; iv?: { used: Buffer; given: Buffer } }>()
  const calls = new Set<readonly unknown[]>()
  const methods = new Map<string, Native>()
  const real =
    (name: string): Native =>
    (...parameters) =>
      (pkcs11[name as keyof PKCS11] as Native)(...parameters)

  for (const name of harmless) methods.set(name, real(name))
  for (const name of beginnings) {
    const begin = real(name)
    methods.set(name, (session, mechanism, ...others) => {
      const parameters = [session, mechanism, ...others]
      begun.set(idOf(session), { parameters, ...ivOf(mechanism as Mechanism) })
      return begin(...parameters)
    })
  }
  for (const name of pooled) {
    const compute = real(name)
    methods.set(name, (...parameters) => {
      const answer = parameters.pop() as Callback
      const given = parameters.map(pointingSomewhere)
      const beginning = begun.get(idOf(given[0]))
      calls.add(given)
      const settle: Callback = (error, ...results) => {
        calls.delete(given)
        begun.delete(idOf(given[0]))
        const iv = beginning?.iv
        const failure = error === null && iv !== undefined && !iv.used.equals(iv.given) ? new OtherIv() : error
        answer(failure, ...results)
      }
      return compute(...given, settle)
    })
  }
  for (const name of immediate) {
    const make = real(name)
    methods.set(name, (...given) => {
      const answer = given.pop() as Callback
      let made: unknown
      try {
        made = make(...given)
      } catch (error) {
        return answer(error as Error)
      }
      return answer(null, made)
    })
  }
  // It goes through the whole list, a call for each, and takes the last that it likes: keys of ours may do this one.
  methods.set('C_GetMechanismList', () => [CKM.ecdsa])
  // It asks to initialise in order to read the version, and without the flag for threads.
  methods.set('C_Initialize', () => {
    throw new Error('CKR_CRYPTOKI_ALREADY_INITIALIZED:401')
  })
  return new Proxy({} as PKCS11, {
    get: (_, name) =>
      methods.get(String(name)) ??
      (() => {
        throw new Error(`the WebCrypto view does not call ${String(name)}`)
      }),
  })
}

/** SoftHSM refuses a null pointer, which is what an empty buffer is to native code. */
const pointingSomewhere = (parameter: unknown): unknown =>
  Buffer.isBuffer(parameter) && parameter.length === 0 ? viewAsBuffer(parameter) : parameter

const idOf = (session: unknown): string => (session as Buffer).toString('hex')

function ivOf({ parameter }: Mechanism): { iv?: { used: Buffer; given: Buffer } } {
  const used = (parameter as AesGCM | null | undefined)?.iv
  return used === undefined ? {} : { iv: { used, given: Buffer.from(used) } }
}
