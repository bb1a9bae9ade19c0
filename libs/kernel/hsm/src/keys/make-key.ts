import { randomBytes } from 'node:crypto'
import type { KeyRecord } from '../keystore.ts'
import { CKO } from '../pkcs11/cryptoki.ts'
import { type Attributes, encodeMechanisms } from '../pkcs11/template.ts'
import { generationMechanisms, jobTemplates, requiredAttributes } from './job-templates.ts'
import { strategyOf } from './job-strategies.ts'
import type { TokenAccess } from './token-key.ts'

const ID_BYTES = 16

/** Generates the key on the token under its label. Needs a read-write session. */
export function makeKey(access: TokenAccess, record: Omit<KeyRecord, 'checkValue'>): void {
  const id = randomBytes(ID_BYTES)
  const attributes = { ...requiredAttributes(record.job), ...placement(access, record), id }
  const mechanism = generationMechanisms[record.job]
  const { keyType, publicHalf } = jobTemplates[record.job]
  if (publicHalf === undefined) {
    access.session.generateKey(mechanism, attributes)
    return
  }
  const publicKey: Attributes = {
    class: CKO.publicKey,
    keyType,
    token: true,
    private: false,
    label: record.label,
    id,
    ...publicHalf,
  }
  access.session.generateKeyPair(mechanism, { publicKey, privateKey: attributes })
}

function placement(
  { capabilities, mechanismLists, software }: TokenAccess,
  record: Omit<KeyRecord, 'checkValue'>,
): Attributes {
  const { mechanisms } = strategyOf(capabilities, record)
  return {
    token: true,
    label: record.label,
    // SoftHSM copies only what is modifiable, and the copy is what makes it fast; there the flag would guard nothing that
    // its key files do not already give away. Hardware keys never change.
    modifiable: software,
    ...(mechanismLists === 'honoured' ? { allowedMechanisms: encodeMechanisms(mechanisms) } : {}),
  }
}
