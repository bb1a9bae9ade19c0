import type { KeyJob } from '../keystore.ts'
import { CKK, CKM, CKO } from '../pkcs11/cryptoki.ts'
import type { AttributeName, Attributes } from '../pkcs11/template.ts'

const uses = ['encrypt', 'decrypt', 'wrap', 'unwrap', 'sign', 'verify', 'derive'] as const satisfies AttributeName[]
type Use = (typeof uses)[number]

interface JobTemplate {
  readonly class: number
  readonly keyType: number
  /** Every use that the class knows is written out: a default of the module must not add one. */
  readonly uses: Readonly<Partial<Record<Use, boolean>>>
  readonly bytes?: number
}

const only = (...granted: readonly Use[]): Readonly<Record<Use, boolean>> =>
  Object.fromEntries(uses.map((use) => [use, granted.includes(use)])) as Record<Use, boolean>

const { decrypt, unwrap, sign, derive } = only('sign')

/** One job per key: a KEK that may also do ECB reverses RFC 3394 and opens GCM without its tag. */
export const jobTemplates: Readonly<Record<KeyJob, JobTemplate>> = {
  seal: { class: CKO.secretKey, keyType: CKK.aes, uses: only('encrypt', 'decrypt'), bytes: 32 },
  wrap: { class: CKO.secretKey, keyType: CKK.aes, uses: only('wrap', 'unwrap'), bytes: 32 },
  mac: { class: CKO.secretKey, keyType: CKK.genericSecret, uses: only('sign', 'verify'), bytes: 64 },
  sign: { class: CKO.privateKey, keyType: CKK.ec, uses: { decrypt, unwrap, sign, derive } },
}

/** OID 1.2.840.10045.3.1.7, DER. */
export const P256_PARAMETERS = Uint8Array.of(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)

export const generationMechanisms: Readonly<Record<KeyJob, number>> = {
  seal: CKM.aesKeyGen,
  wrap: CKM.aesKeyGen,
  mac: CKM.genericSecretKeyGen,
  sign: CKM.ecKeyPairGen,
}

/** What a key of that job must be, on every module; the check at each start reads these back. */
export function requiredAttributes(job: KeyJob): Attributes {
  const template = jobTemplates[job]
  return {
    class: template.class,
    keyType: template.keyType,
    private: true,
    sensitive: true,
    extractable: false,
    ...template.uses,
    ...(template.bytes === undefined ? { ecParams: P256_PARAMETERS } : { valueLength: template.bytes }),
  }
}
