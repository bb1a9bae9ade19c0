import { randomBytes } from 'node:crypto'
import { templateOf } from './job-templates.ts'
import { strategyOf } from './job-strategies.ts'
import { attributesFor, ID_BYTES, type NewKey } from './make-key.ts'
import type { TokenAccess } from './token-key.ts'

/** The value as a key of that token, which gives it out no more than one that it made. Needs a read-write session. */
export function importKey(access: TokenAccess, record: NewKey, value: Uint8Array): void {
  const { mechanisms } = strategyOf(access.capabilities, record)
  const place = { label: record.label, id: randomBytes(ID_BYTES), mechanisms }
  // PKCS#11 has a value tell its own length.
  const { valueLength: _, ...attributes } = attributesFor(access, templateOf(record), place)
  access.session.createObject({ ...attributes, value })
}
