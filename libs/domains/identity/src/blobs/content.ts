import { fromUtf8, Secret, toHex } from '@strongroom/crypto'
import type { Binding, Keystore } from '@strongroom/hsm'
import { blobTypes, isPrivateBlob } from './contract.ts'
import { type BlobPlace, publicIdOf } from './names.ts'

/** A text as its row holds it: as it is, or sealed. */
export interface Content {
  readonly value: Uint8Array | null
  readonly envelope: Uint8Array | null
}

type Named = BlobPlace & { readonly id: string }

/** A private text of another owner, of another type (a public one too), or of another bringer, does not open. */
export const bindBlob = ({ id, owner, type, bringer }: Named): Binding => ({
  table: 'identity.blobs',
  row: id,
  owner: [owner, String(blobTypes[type]), bringer ? toHex(bringer) : ''].join('/'),
  purpose: 'value',
})

/** Wipes a private text. */
export async function contentOf(hsm: Keystore, blob: Named, text: Uint8Array): Promise<Content> {
  if (!isPrivateBlob(blob.type)) return { value: text, envelope: null }
  const secret = new Secret(text)
  try {
    return { value: null, envelope: await hsm.seal(secret, bindBlob(blob)) }
  } finally {
    secret.wipe()
  }
}

/** @throws Unopenable, or an error, where the row is not as it was made. */
export async function readContent(hsm: Keystore, blob: Named, { value, envelope }: Content): Promise<string> {
  if (!isPrivateBlob(blob.type)) {
    if (!value || publicIdOf(blob, value) !== blob.id) throw new Error('a public blob is not what its id says')
    return fromUtf8(value)
  }
  if (!envelope) throw new Error('a private blob has no envelope')
  const opened = await hsm.open(envelope, bindBlob(blob))
  try {
    return fromUtf8(opened.expose())
  } finally {
    opened.wipe()
  }
}
