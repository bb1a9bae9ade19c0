import type { Need, TokenToJudge } from '../src/conformance/index.ts'
import { CKM } from '../src/pkcs11/cryptoki.ts'
import { SOFTHSM_MODULE } from '../src/soft-token/init-soft-token.ts'
import { OPENCRYPTOKI_MODULE } from '../src/testing/private-opencryptoki.ts'

const NSS_MODULE = process.env['STRONGROOM_NSS_MODULE'] ?? '/usr/lib/x86_64-linux-gnu/libsoftokn3.so'

/** A PKCS#11 module that tests of our own work with in this process, and where operations run. */
export interface TestedModule {
  readonly name: string
  readonly path: string
  /** In a process of its own it stands behind the fault shim, which is the only way to its bad days. */
  readonly executor: 'inline' | 'process'
  readonly model: string
  /** Whether `CKA_ALLOWED_MECHANISMS` binds. */
  readonly mechanismLists: 'honoured' | 'ignored'
  /** The number of RFC 5649 on this module. */
  readonly paddedWrap: number
  /** Whether the module notices that its files are gone: NSS keeps them open. */
  readonly removal: 'noticed' | 'unnoticed'
}

const testedSoftHsm: TestedModule = {
  name: 'SoftHSM',
  path: SOFTHSM_MODULE,
  executor: 'inline',
  model: 'SoftHSM v2',
  mechanismLists: 'honoured',
  paddedWrap: CKM.aesKeyWrapPad,
  removal: 'noticed',
}

export const testedModules: readonly TestedModule[] = [
  testedSoftHsm,
  { ...testedSoftHsm, name: 'SoftHSM in a process of its own', executor: 'process' },
  {
    name: 'NSS',
    executor: 'inline',
    path: NSS_MODULE,
    model: 'NSS 3',
    mechanismLists: 'ignored',
    paddedWrap: CKM.aesKeyWrapKwp,
    removal: 'unnoticed',
  },
]

/** For what only the process can see that calls the module. */
export const inlineModules = testedModules.filter(({ executor }) => executor === 'inline')

/** A module that the list of promises is tried on: another capability, missing or new, fails like a promise broken. */
interface JudgedModule {
  readonly name: string
  readonly subject: TokenToJudge
  readonly model: string
  /** What it cannot do and must refuse as unsupported. */
  readonly lacks: readonly Need[]
  readonly strategies: readonly string[]
  /** What it is known to be weak in. */
  readonly notes: readonly string[]
}

const softHsm: JudgedModule = {
  name: 'SoftHSM',
  subject: { module: { path: SOFTHSM_MODULE }, token: 'SoftHSM' },
  model: 'SoftHSM v2',
  lacks: [],
  strategies: [
    'hsm-gcm',
    'A256KW-RFC3394',
    'A256KWP-RFC5649',
    'A256KWP-PKCS8',
    'hmac-sha512',
    'ecdsa-p256',
    'ed25519',
    'rsa-oaep-sha1-gcm',
  ],
  notes: ['RFC 5649 holds for whole blocks of 8 bytes alone'],
}

const unbound = 'CKA_ALLOWED_MECHANISMS does not bind'

const nss: JudgedModule = {
  name: 'NSS',
  subject: { module: { path: NSS_MODULE }, token: 'NSS' },
  model: 'NSS 3',
  lacks: ['sign-ed25519'],
  strategies: [
    'hsm-gcm',
    'A256KW-RFC3394',
    'A256KWP-RFC5649',
    'A256KWP-PKCS8',
    'sealed-scalar (secp256k1)',
    'hmac-sha512',
    'ecdsa-p256',
    'rsa-oaep-sha256-gcm',
  ],
  notes: [
    'the token wraps no private keys of secp256k1: they are drawn and sealed, and sign in this process',
    'CKA_EXTRACTABLE: false does not keep keys from being wrapped',
    `${unbound}: keys know every mode`,
    `the recovery key knows older paddings: ${unbound}`,
  ],
}

/** Without GCM, the wrapping of the RFCs and curves: the other ways of keeping, and what none helps, are what it is here for. */
const openCryptoki: JudgedModule = {
  name: 'openCryptoki',
  subject: { module: { path: OPENCRYPTOKI_MODULE }, token: 'openCryptoki' },
  model: 'IBM SoftTok',
  lacks: ['hsm-gcm', 'A256KW-RFC3394', 'A256KWP-RFC5649', 'sign', 'sign-ed25519'],
  strategies: ['hsm-cbc-hmac', 'cbc-wrap-hmac', 'sealed-scalar', 'hmac-sha512', 'rsa-oaep-sha256-gcm'],
  notes: [
    'the token wraps no private keys: pairs are its randomness, drawn and sealed, and sign in this process',
    'locked keys are wrapped in this process, by RFC 3394: the token wraps under no factor',
    `${unbound}: keys know every mode`,
    `the recovery key knows older paddings: ${unbound}`,
  ],
}

/** Through both executors. One that is absent fails the suite: nothing is skipped. openCryptoki is a Linux one. */
export const judgedModules: readonly JudgedModule[] = [
  softHsm,
  nss,
  ...(process.platform === 'linux' ? [openCryptoki] : []),
]
