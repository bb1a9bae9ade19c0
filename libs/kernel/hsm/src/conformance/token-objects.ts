import { strategyOf } from '../keys/job-strategies.ts'
import { attributesOf, generationMechanism, type KeyKind, publicAttributes, templateOf } from '../keys/job-templates.ts'
import { companionLabel, findCompanion } from '../keys/locate-key.ts'
import { readPublicHalf } from '../keys/public-half.ts'
import type { TokenAccess } from '../keys/token-key.ts'
import type { KeyJob, KeyRecord } from '../keystore.ts'
import { CKO } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import { type Attributes, encodeMechanisms } from '../pkcs11/template.ts'
import { given } from './assertions.ts'
import { shapeOf } from '../strategies/shapes.ts'
import type { KeyHandles } from '../strategies/strategy.ts'
import type { Trial } from './trial.ts'

/** The token's own object of a recorded key: its secret or private half. */
export const objectOf = (session: Session, { label, ...kind }: KeyKind & Pick<KeyRecord, 'label'>): Handle =>
  given(session.findObjects({ class: templateOf(kind).class, token: true, label })[0], `key ${label}`)

/** All that a strategy needs of it. */
export function handlesOf(session: Session, record: KeyRecord): KeyHandles {
  const mac = shapeOf(record.strategy).companion === undefined ? undefined : findCompanion({ session }, record)
  return { key: objectOf(session, record), ...(mac && { mac }), ...readPublicHalf(session, record) }
}

/** There is nothing of it on the token: what it would wrap is drawn and sealed. */
export const isKeyless = ({ strategy }: KeyRecord): boolean => shapeOf(strategy).keyless === true

export const recordOf = (keys: readonly KeyRecord[], job: KeyJob): KeyRecord =>
  given(
    keys.find((key) => key.job === job),
    `${job} key`,
  )

/** With its companion, whatever it is made of. By label, since NSS gives a new key another handle than it is found under. */
export function destroyLabelled(session: Session, { label }: Pick<KeyRecord, 'label'>): void {
  for (const name of [label, companionLabel(label)]) {
    for (const kind of [CKO.secretKey, CKO.privateKey, CKO.publicKey]) {
      for (const object of session.findObjects({ class: kind, token: true, label: name })) session.destroyObject(object)
    }
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
  const { mechanisms, name } = strategyOf(trial.capabilities, { job })
  const kind = { job, strategy: name }
  const template = templateOf(kind)
  const bound = trial.traits.mechanismLists === 'honoured' ? { allowedMechanisms: encodeMechanisms(mechanisms) } : {}
  const attributes = { ...attributesOf(template), ...place, ...bound, ...weakness }
  const made = isDone(() => {
    const mechanism = generationMechanism(template)
    if (template.publicHalf === undefined) return session.generateKey(mechanism, attributes)
    const size = weak.bits === undefined ? {} : { modulusBits: weak.bits }
    const publicKey: Attributes = { ...publicAttributes(kind), private: false, ...place, ...size }
    return session.generateKeyPair(mechanism, { publicKey, privateKey: attributes })
  })
  trial.afterwards(() => destroyLabelled(session, { label }))
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
