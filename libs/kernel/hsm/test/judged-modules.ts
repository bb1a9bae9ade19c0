import type { Need, TokenToJudge } from '../src/conformance/index.ts'
import { SOFTHSM_MODULE } from '../src/soft-token/init-soft-token.ts'
import { OPENCRYPTOKI_MODULE } from '../src/testing/private-opencryptoki.ts'

/** A module, and what is known of it: another capability, missing or new, fails the suite like a promise broken. */
interface JudgedModule {
  readonly name: string
  readonly subject: TokenToJudge
  /** What it cannot do and must refuse as unsupported. */
  readonly lacks: readonly Need[]
  readonly strategies: readonly string[]
  /** What it is known to be weak in. */
  readonly notes: readonly string[]
}

const softHsm: JudgedModule = {
  name: 'SoftHSM',
  subject: { module: { path: SOFTHSM_MODULE }, token: 'SoftHSM' },
  lacks: [],
  strategies: [
    'hsm-gcm',
    'A256KW-RFC3394',
    'A256KWP-RFC5649',
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
  subject: {
    module: { path: process.env['STRONGROOM_NSS_MODULE'] ?? '/usr/lib/x86_64-linux-gnu/libsoftokn3.so' },
    token: 'NSS',
  },
  lacks: ['sign-ed25519'],
  strategies: ['hsm-gcm', 'A256KW-RFC3394', 'A256KWP-RFC5649', 'hmac-sha512', 'ecdsa-p256', 'rsa-oaep-sha256-gcm'],
  notes: [
    'CKA_EXTRACTABLE: false does not keep keys from being wrapped',
    `${unbound}: keys know every mode`,
    `the recovery key knows older paddings: ${unbound}`,
  ],
}

/** Too old for most of what we do: that it says so in our words is what it is here for. */
const openCryptoki: JudgedModule = {
  name: 'openCryptoki',
  subject: { module: { path: OPENCRYPTOKI_MODULE }, token: 'openCryptoki' },
  lacks: ['seal', 'wrap', 'A256KW-RFC3394', 'A256KWP-RFC5649', 'sign', 'sign-ed25519'],
  strategies: ['hmac-sha512', 'rsa-oaep-sha256-gcm'],
  notes: [`the recovery key knows older paddings: ${unbound}`],
}

/** One that is absent fails the suite: nothing is skipped. openCryptoki is a Linux one. */
export const judgedModules: readonly JudgedModule[] = [
  softHsm,
  {
    ...softHsm,
    name: 'SoftHSM in a process of its own',
    subject: { ...softHsm.subject, executor: 'process' },
  },
  nss,
  ...(process.platform === 'linux' ? [openCryptoki] : []),
]
