import { strategyOf } from '../keys/job-strategies.ts'
import { jobTemplates, LEAST_RSA_BITS, requiredAttributes } from '../keys/job-templates.ts'
import type { KeyJob, KeyRecord } from '../keystore.ts'
import { CKM, CKO } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import { type Attributes, encodeMechanisms } from '../pkcs11/template.ts'
import { given } from './assertions.ts'
import type { Trial } from './trial.ts'

/** The token's own object of a recorded key: its secret or private half. */
export const objectOf = (session: Session, { job, label }: Pick<KeyRecord, 'job' | 'label'>): Handle =>
  given(session.findObjects({ class: jobTemplates[job].class, token: true, label })[0], `key ${label}`)

export const recordOf = (keys: readonly KeyRecord[], job: KeyJob): KeyRecord =>
  given(
    keys.find((key) => key.job === job),
    `${job} key`,
  )

/** By label, since NSS gives a new key another handle than it is found under. */
export function destroyLabelled(session: Session, { job, label }: Pick<KeyRecord, 'job' | 'label'>): void {
  for (const kind of [jobTemplates[job].class, CKO.publicKey]) {
    for (const object of session.findObjects({ class: kind, token: true, label })) session.destroyObject(object)
  }
}

interface Weak {
  readonly job: KeyJob
  readonly label: string
  readonly weakness: Attributes
  /** Of a recovery key. */
  readonly bits?: number
}

/** A key of that job on the token but for its weakness; gone afterwards. `refused`: by the token itself. */
export function makeWeakKey(trial: Trial, weak: Weak): 'made' | 'refused' {
  const { job, label, weakness } = weak
  const session = trial.session()
  const place: Attributes = { token: true, label, id: new Uint8Array(16).fill(9) }
  const { mechanisms } = strategyOf(trial.capabilities, { job })
  const bound = trial.traits.mechanismLists === 'honoured' ? { allowedMechanisms: encodeMechanisms(mechanisms) } : {}
  const attributes = { ...requiredAttributes(job), ...place, ...bound, ...weakness }
  const made = isDone(() => {
    if (job !== 'recover') return session.generateKey(CKM.aesKeyGen, attributes)
    const { keyType, publicHalf } = jobTemplates.recover
    const size = { ...publicHalf, modulusBits: weak.bits ?? LEAST_RSA_BITS }
    const publicKey: Attributes = { class: CKO.publicKey, keyType, private: false, ...place, ...size }
    return session.generateKeyPair(CKM.rsaPkcsKeyPairGen, { publicKey, privateKey: attributes })
  })
  trial.afterwards(() => destroyLabelled(session, { job, label }))
  return made ? 'made' : 'refused'
}

export const isDone = (call: () => unknown): boolean => {
  try {
    call()
    return true
  } catch (error) {
    if (isDeviceError(error)) return false
    throw error
  }
}
