import type { KeyJob } from '../keystore.ts'
import { CKK, CKM, CKO } from '../pkcs11/cryptoki.ts'
import type { AttributeName, Attributes } from '../pkcs11/template.ts'
import { type KeyShape, shapeOf } from '../strategies/shapes.ts'
import { pairCurves } from './pair-curves.ts'

const uses = ['encrypt', 'decrypt', 'wrap', 'unwrap', 'sign', 'verify', 'derive'] as const satisfies AttributeName[]
type Use = (typeof uses)[number] | 'signRecover'

export interface JobTemplate {
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

const privateUses = (granted: 'sign' | 'decrypt' | 'unwrap') => {
  const { decrypt, unwrap, sign, derive } = only(granted)
  return { decrypt, unwrap, sign, derive }
}

const { parameters: ecParams } = pairCurves.p256

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
  'wrap-pair': { class: CKO.secretKey, keyType: CKK.aes, uses: only('wrap', 'unwrap'), bytes: 32 },
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

/** The same jobs, where the key is a pair. */
const rsaTemplates: Readonly<Partial<Record<KeyJob, JobTemplate>>> = {
  seal: jobTemplates.recover,
  wrap: {
    ...jobTemplates.recover,
    uses: { ...privateUses('unwrap'), signRecover: false },
    publicHalf: { encrypt: false, wrap: true, modulusBits: LEAST_RSA_BITS, publicExponent },
  },
}

/** What tells one kind of key from another: its job, and what the strategy says that it consists of. */
export interface KeyKind {
  readonly job: KeyJob
  /** By its name; the usual kind of that job without one. */
  readonly strategy?: string
}

export const templateOf = ({ job, strategy }: KeyKind): JobTemplate =>
  (shapeOf(strategy).pair === 'rsa' ? rsaTemplates[job] : undefined) ?? jobTemplates[job]

const generationMechanisms: Readonly<Record<number, number>> = {
  [CKK.aes]: CKM.aesKeyGen,
  [CKK.genericSecret]: CKM.genericSecretKeyGen,
  [CKK.ec]: CKM.ecKeyPairGen,
  [CKK.ecEdwards]: CKM.ecEdwardsKeyPairGen,
  [CKK.rsa]: CKM.rsaPkcsKeyPairGen,
}

/** Throws `TypeError` for a type of keys that no job has. */
export function generationMechanism({ keyType }: JobTemplate): number {
  const mechanism = generationMechanisms[keyType]
  if (mechanism === undefined) throw new TypeError('keys of that type are not made here')
  return mechanism
}

/** What a key of that kind is made with, on every module. */
export const requiredAttributes = (job: KeyJob, strategy?: string): Attributes =>
  attributesOf(templateOf(strategy === undefined ? { job } : { job, strategy }))

/** Of a pair: its public half, but for its place and name. */
export function publicAttributes(kind: KeyKind): Attributes {
  const { keyType, publicHalf } = templateOf(kind)
  return { class: CKO.publicKey, keyType, ...publicHalf }
}

/** The MAC key beside a key that does not authenticate what it closes. */
export const companionTemplate = (shape: KeyShape): JobTemplate | undefined =>
  shape.companion === undefined ? undefined : jobTemplates.mac

export function attributesOf(template: JobTemplate): Attributes {
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

/** What a key must read back as, at each start. */
export const attributesToCheck = (template: JobTemplate): Attributes => ({
  ...attributesOf(template),
  ...template.inherited,
})
