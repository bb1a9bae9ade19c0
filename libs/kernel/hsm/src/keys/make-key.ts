import { randomBytes } from 'node:crypto'
import type { KeyRecord } from '../keystore.ts'
import type { Handle } from '../pkcs11/session.ts'
import { type Attributes, encodeMechanisms } from '../pkcs11/template.ts'
import { macMechanism } from '../strategies/companion-mac.ts'
import { shapeOf } from '../strategies/shapes.ts'
import {
  attributesOf,
  generationMechanism,
  type JobTemplate,
  jobTemplates,
  publicAttributes,
  templateOf,
} from './job-templates.ts'
import { strategyOf } from './job-strategies.ts'
import { companionId, companionLabel } from './locate-key.ts'
import type { TokenAccess } from './token-key.ts'

export const ID_BYTES = 16

export type NewKey = Omit<KeyRecord, 'checkValue'>

/** Generates the key on the token under its label, without its companion. Needs a read-write session. */
export function makeKey(access: TokenAccess, record: NewKey): void {
  const id = randomBytes(ID_BYTES)
  const template = templateOf(record)
  const { mechanisms } = strategyOf(access.capabilities, record)
  const attributes = attributesFor(access, template, { label: record.label, id, mechanisms })
  const mechanism = generationMechanism(template)
  if (template.publicHalf === undefined) {
    access.session.generateKey(mechanism, attributes)
    return
  }
  const place = { token: true, private: false, label: record.label, id }
  const publicKey = withoutInexpressible(access, { ...publicAttributes(record), ...place })
  access.session.generateKeyPair(mechanism, { publicKey, privateKey: attributes })
}

/** Beside the key, with an id that tells whose it is: so that the two are known for each other wherever they are moved. */
export function makeCompanion(access: TokenAccess, record: NewKey, key: Handle): void {
  const { companion } = shapeOf(record.strategy)
  if (companion === undefined) return
  const id = companionId(access.session.readAttribute(key, 'id'))
  const place = { label: companionLabel(record.label), id, mechanisms: [macMechanism(companion)] }
  const { mac } = jobTemplates
  access.session.generateKey(generationMechanism(mac), attributesFor(access, mac, place))
}

interface Place {
  readonly label: string
  readonly id: Uint8Array
  readonly mechanisms: readonly number[]
}

/** Of a key that stays on the token. */
export function attributesFor(
  access: TokenAccess,
  template: JobTemplate,
  { label, id, mechanisms }: Place,
): Attributes {
  return withoutInexpressible(access, {
    ...attributesOf(template),
    token: true,
    label,
    // SoftHSM copies only what is modifiable, and the copy is what makes it fast; there the flag would guard nothing that
    // its key files do not already give away. Hardware keys never change.
    modifiable: access.software,
    ...(access.mechanismLists === 'honoured' ? { allowedMechanisms: encodeMechanisms(mechanisms) } : {}),
    id,
  })
}

function withoutInexpressible({ profile }: TokenAccess, attributes: Attributes): Attributes {
  const left = new Set<string>(profile?.inexpressible)
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !left.has(name)))
}
