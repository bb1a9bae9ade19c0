import { strategyOf } from '../keys/job-strategies.ts'
import { generationMechanisms, jobTemplates, requiredAttributes } from '../keys/job-templates.ts'
import type { TokenAccess } from '../keys/token-key.ts'
import type { KeyJob, KeyRecord } from '../keystore.ts'
import { CKO } from '../pkcs11/cryptoki.ts'
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

/** To make keys with, as provisioning does. */
export const accessOf = ({ capabilities, traits }: Trial, session: Session): TokenAccess => ({
  session,
  capabilities,
  mechanismLists: traits.mechanismLists,
  software: traits.description.software,
})

interface Weak {
  readonly job: KeyJob
  readonly label: string
  readonly weakness: Attributes
  /** Of a recovery key: others than it must have. */
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
    const { keyType, publicHalf } = jobTemplates[job]
    const mechanism = generationMechanisms[job]
    if (publicHalf === undefined) return session.generateKey(mechanism, attributes)
    const size = weak.bits === undefined ? {} : { modulusBits: weak.bits }
    const publicKey: Attributes = { class: CKO.publicKey, keyType, private: false, ...place, ...publicHalf, ...size }
    return session.generateKeyPair(mechanism, { publicKey, privateKey: attributes })
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
