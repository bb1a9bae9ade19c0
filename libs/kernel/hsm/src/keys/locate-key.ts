import { fromHex, toHex } from '@strongroom/crypto'
import { HsmRefusal } from '../errors.ts'
import { CKO } from '../pkcs11/cryptoki.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import type { Attributes } from '../pkcs11/template.ts'
import { jobTemplates, type KeyKind, templateOf } from './job-templates.ts'

/** By which a key is found on its token: what a record keeps in its label. */
export type KeyName = { readonly label: string } | { readonly id: Uint8Array }

const BY_ID = 'pkcs11:id='

/** A label as it is, an id as a URI of RFC 7512. */
export const encodeKeyName = (name: KeyName): string =>
  'label' in name ? name.label : `${BY_ID}${toHex(name.id).replaceAll(/../g, '%$&')}`

/** Throws `HsmRefusal` for a URI with anything else in it. */
export function decodeKeyName(label: string): KeyName {
  if (!label.startsWith(BY_ID)) return { label }
  const hex = label.slice(BY_ID.length).replaceAll('%', '')
  if (hex.length > 0 && /^([0-9a-f]{2})+$/.test(hex)) return { id: fromHex(hex) }
  throw new HsmRefusal('key-missing', `"${label}" names no key: write ${BY_ID} and each byte as %01`)
}

interface Wanted extends KeyKind {
  readonly label: string
}

/** The one secret key or private half of that name and type. Throws `HsmRefusal` where there are several. */
export function findKey({ session }: { session: Session }, wanted: Wanted): Handle | undefined {
  const { class: kind, keyType } = templateOf(wanted)
  const name = decodeKeyName(wanted.label)
  // Its companion has the same id and another type; a label is its own, whatever the type under it.
  return findOnly(session, { class: kind, ...name, ...('id' in name && { keyType }) }, wanted.label)
}

/** The public half of a pair. */
export const findPublicKey = ({ session }: { session: Session }, { label }: { label: string }): Handle | undefined =>
  findOnly(session, { class: CKO.publicKey, ...decodeKeyName(label) }, label)

/** The MAC key beside a key: of its label with an ending; where that was named by its id, of the companion's id or its own. */
export function findCompanion({ session }: { session: Session }, { label }: { label: string }): Handle | undefined {
  const { class: kind, keyType } = jobTemplates.mac
  const name = decodeKeyName(label)
  if ('label' in name) return findOnly(session, { class: kind, label: companionLabel(label) }, companionLabel(label))
  const find = (id: Uint8Array) => findOnly(session, { class: kind, keyType, id }, label)
  return find(companionId(name.id)) ?? find(name.id)
}

export const companionLabel = (label: string): string => `${label}/mac`

/** One byte more than the key's: NSS keeps one secret key for each id, and a second one overwrites the first. */
export const companionId = (id: Uint8Array): Uint8Array => Uint8Array.of(...id, 0x6d)

function findOnly(session: Session, attributes: Attributes, label: string): Handle | undefined {
  // Token objects alone: the session copies of another keystore of this process carry the same label.
  const [handle, ...others] = session.findObjects({ ...attributes, token: true })
  if (others.length === 0) return handle
  const remedy = 'delete the one whose check value is not recorded'
  throw new HsmRefusal('key-ambiguous', `the token holds several keys labelled "${label}": ${remedy}`)
}
