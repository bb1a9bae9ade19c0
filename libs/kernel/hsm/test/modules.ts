import { CKM } from '../src/pkcs11/cryptoki.ts'
import { SOFTHSM_MODULE } from '../src/soft-token/init-soft-token.ts'

/** The PKCS#11 modules that the contract suite runs on, and where. One that is absent fails the suite: nothing is skipped. */
export interface TestedModule {
  readonly name: string
  readonly path: string
  /** In a process of its own it stands behind the fault shim, which is the only way to its bad days. */
  readonly executor: 'inline' | 'process'
  readonly model: string
  /** Whether `CKA_ALLOWED_MECHANISMS` binds. */
  readonly mechanismLists: 'honoured' | 'ignored'
  /** Whether `CKA_EXTRACTABLE: false` keeps a key from being wrapped: NSS 3.87 wraps it all the same. */
  readonly extractable: 'enforced' | 'ignored'
  /** The number of RFC 5649 on this module. */
  readonly paddedWrap: number
  /** SoftHSM fills a key up to 8 bytes before it wraps: RFC 5649 for the lengths that keys have, and for no other. */
  readonly oddLengths: 'kept' | 'filled up'
  /** Whether the module notices that its files are gone: NSS keeps them open. */
  readonly removal: 'noticed' | 'unnoticed'
  /** How a recovery key is used here: SoftHSM knows OAEP with SHA-1 alone. */
  readonly recovery: 'rsa-oaep-sha1-gcm' | 'rsa-oaep-sha256-gcm'
}

const softHsm: TestedModule = {
  name: 'SoftHSM',
  path: SOFTHSM_MODULE,
  executor: 'inline',
  model: 'SoftHSM v2',
  mechanismLists: 'honoured',
  extractable: 'enforced',
  paddedWrap: CKM.aesKeyWrapPad,
  oddLengths: 'filled up',
  removal: 'noticed',
  recovery: 'rsa-oaep-sha1-gcm',
}

export const testedModules: readonly TestedModule[] = [
  softHsm,
  { ...softHsm, name: 'SoftHSM in a process of its own', executor: 'process' },
  {
    name: 'NSS',
    executor: 'inline',
    path: process.env['STRONGROOM_NSS_MODULE'] ?? '/usr/lib/x86_64-linux-gnu/libsoftokn3.so',
    model: 'NSS 3',
    mechanismLists: 'ignored',
    extractable: 'ignored',
    paddedWrap: CKM.aesKeyWrapKwp,
    oddLengths: 'kept',
    removal: 'unnoticed',
    recovery: 'rsa-oaep-sha256-gcm',
  },
]
