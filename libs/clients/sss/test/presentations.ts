import { fromBase64url, fromUtf8, toUtf8, verifyEd25519 } from '@strongroom/crypto'
import { base58 } from '@scure/base'

export interface Holder {
  readonly did: string
  readonly nonce: string | undefined
}

/** Whose presentation the header carries, if the signature is that DID's. */
export function holderOf(authorization: string | undefined): Holder | undefined {
  const [header, payload, signature] = authorization?.replace('Bearer ', '').split('.') ?? []
  if (header === undefined || payload === undefined || signature === undefined) return undefined
  const { iss, nonce } = JSON.parse(fromUtf8(fromBase64url(payload))) as { iss: string; nonce?: string }
  const publicKey = base58.decode(iss.slice('did:key:z'.length)).slice(2)
  const message = toUtf8(`${header}.${payload}`)
  const good = verifyEd25519({ message, signature: fromBase64url(signature), publicKey })
  return good ? { did: iss, nonce } : undefined
}
