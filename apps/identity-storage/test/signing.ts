import { createHash } from 'node:crypto'
import { toBase64 } from '@strongroom/crypto'
import { fromSeedText, Secret, type Signer, signerOf } from '@strongroom/identity-client'
import vectors from '../../../test/vectors/tokend-request-signature.json' with { type: 'json' }

export { vectors }

export const signerOfSeed = (seed: string): Signer => signerOf(fromSeedText(new Secret(seed)))

export interface SigningWish {
  readonly by: Signer
  readonly method?: string
  readonly target: string
  /** Names, as they stand in the signature. */
  readonly covered?: string
  /** Sent beside it, by name in lower case. */
  readonly headers?: Readonly<Record<string, string>>
}

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
export const digestOf = (body: string): string => `SHA-256=${sha256(body).toString('base64')}`

/** The signature of these headers, whatever they are: what no client of ours would write is written here. */
export async function signatureOf({
  by,
  method = 'GET',
  target,
  covered = '(request-target)',
  headers = {},
}: SigningWish) {
  const lines = covered.split(' ').map((name) => {
    const value = name.startsWith('(') ? `${method.toLowerCase()} ${target}` : (headers[name.toLowerCase()] ?? '')
    return `${name.toLowerCase()}: ${value}`
  })
  return toBase64(await by.sign(sha256(lines.join('\n'))))
}

/** What stands in the header. */
export async function headerOf(wish: SigningWish): Promise<string> {
  const { by, covered = '(request-target)' } = wish
  return `keyId="${by.keyId}",algorithm="ed25519-sha256",headers="${covered}",signature="${await signatureOf(wish)}"`
}

export const secondsAgo = (seconds: number): string => new Date(Date.now() - seconds * 1000).toUTCString()
