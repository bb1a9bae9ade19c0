import type { KeyJob } from '../keystore.ts'
import { CKK, CKM, CKO } from '../pkcs11/cryptoki.ts'
import type { AttributeName, Attributes } from '../pkcs11/template.ts'

const uses = ['encrypt', 'decrypt', 'wrap', 'unwrap', 'sign', 'verify', 'derive'] as const satisfies AttributeName[]
type Use = (typeof uses)[number] | 'signRecover'

interface JobTemplate {
  readonly class: number
  readonly keyType: number
  /** Every use that the class knows is written out: a default of the module must not add one. */
  readonly uses: Readonly<Partial<Record<Use, boolean>>>
  readonly bytes?: number
  /** Of a pair: what its public half is generated with, beside its place and name. */
  readonly publicHalf?: Attributes
  /** What the token copies from the public half to the private one: not given, but read back. */
  readonly inherited?: Attributes
}

const only = (...granted: readonly Use[]): Readonly<Record<(typeof uses)[number], boolean>> =>
  Object.fromEntries(uses.map((use) => [use, granted.includes(use)])) as Record<(typeof uses)[number], boolean>

const privateUses = (granted: 'sign' | 'decrypt') => {
  const { decrypt, unwrap, sign, derive } = only(granted)
  return { decrypt, unwrap, sign, derive }
}

/** OID 1.2.840.10045.3.1.7, DER. */
const ecParams = Uint8Array.of(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)

/** OID 1.3.101.112, DER (RFC 8410). Modules read it back as it is, or as the name that PKCS#11 also knows: the point tells. */
const edwardsParams = Uint8Array.of(0x06, 0x03, 0x2b, 0x65, 0x70)

/** 65537. */
const publicExponent = Uint8Array.of(1, 0, 1)

/** Of a new recovery key; one that a ceremony made may be larger. */
export const LEAST_RSA_BITS = 3072

/** One job per key: a KEK that may also do ECB reverses RFC 3394 and opens GCM without its tag. */
export const jobTemplates: Readonly<Record<KeyJob, JobTemplate>> = {
  seal: { class: CKO.secretKey, keyType: CKK.aes, uses: only('encrypt', 'decrypt'), bytes: 32 },
  wrap: { class: CKO.secretKey, keyType: CKK.aes, uses: only('wrap', 'unwrap'), bytes: 32 },
  mac: { class: CKO.secretKey, keyType: CKK.genericSecret, uses: only('sign', 'verify'), bytes: 64 },
  sign: {
    class: CKO.privateKey,
    keyType: CKK.ec,
    uses: privateUses('sign'),
    publicHalf: { verify: true, ecParams },
    inherited: { ecParams },
  },
  'sign-ed25519': {
    class: CKO.privateKey,
    keyType: CKK.ecEdwards,
    uses: privateUses('sign'),
    publicHalf: { verify: true, ecParams: edwardsParams },
  },
  recover: {
    class: CKO.privateKey,
    keyType: CKK.rsa,
    uses: { ...privateUses('decrypt'), signRecover: false },
    publicHalf: { encrypt: true, modulusBits: LEAST_RSA_BITS, publicExponent },
  },
}

export const generationMechanisms: Readonly<Record<KeyJob, number>> = {
  seal: CKM.aesKeyGen,
  wrap: CKM.aesKeyGen,
  mac: CKM.genericSecretKeyGen,
  sign: CKM.ecKeyPairGen,
  'sign-ed25519': CKM.ecEdwardsKeyPairGen,
  recover: CKM.rsaPkcsKeyPairGen,
}

/** What a key of that job is made with, on every module. */
export function requiredAttributes(job: KeyJob): Attributes {
  const template = jobTemplates[job]
  return {
    class: template.class,
    keyType: template.keyType,
    private: true,
    sensitive: true,
    extractable: false,
    ...template.uses,
    ...(template.bytes === undefined ? {} : { valueLength: template.bytes }),
  }
}

/** What it must read back as, at each start. */
export const attributesToCheck = (job: KeyJob): Attributes => ({
  ...requiredAttributes(job),
  ...jobTemplates[job].inherited,
})
