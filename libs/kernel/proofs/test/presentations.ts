import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { fromHex, Secret } from '@strongroom/crypto'
import { base58 } from '@scure/base'

export interface Holder {
  readonly did: string
  readonly publicKey: Uint8Array
  /** The header's `kid` for a did:key. */
  readonly keyId: string
  readonly key: KeyObject
}

const pkcs8 = '302e020100300506032b657004220420'

/** Whoever has the Ed25519 key of a seed: 64 hexadecimal digits. */
export function holderOf(seed: string): Holder {
  const key = createPrivateKey({ key: Buffer.from(pkcs8 + seed, 'hex'), format: 'der', type: 'pkcs8' })
  const publicKey = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url')
  const multikey = `z${base58.encode(Buffer.concat([fromHex('ed01'), publicKey]))}`
  return { did: `did:key:${multikey}`, publicKey, keyId: `did:key:${multikey}#${multikey}`, key }
}

export interface Wording {
  readonly did?: string
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly vp?: Record<string, unknown>
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A presentation laid out as LearnCard's clients lay it out, with whatever a test changes in it. */
export function present(holder: Holder, { did = holder.did, header, claims = {}, vp }: Wording = {}): Secret {
  const { aud, ...others } = claims
  const content = {
    iss: did,
    ...(aud !== undefined && { aud }),
    vp: {
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      type: ['VerifiablePresentation'],
      holder: did,
      ...vp,
    },
    ...others,
  }
  const signed = `${part({ alg: 'EdDSA', kid: holder.keyId, ...header })}.${part(content)}`
  return new Secret(`${signed}.${sign(null, Buffer.from(signed), holder.key).toString('base64url')}`)
}
