import { sha256, toBase64, toUtf8 } from '@strongroom/crypto'
import type { Signer } from './signer.ts'

/**
 * `compat`: what TokenD's clients cover, the request target alone; such a signature never expires, and is good for its
 * path with any body. `strict`: target, date and a digest of the body, and the server takes each signature once.
 */
export type SignatureProfile = 'compat' | 'strict'

/** No page may set `Date`: browsers drop it in silence. TokenD reads `X-Date` in its place. */
export type DateHeader = 'date' | 'x-date'

export interface RequestToSign {
  readonly signer: Signer
  readonly method: string
  /** Path and query as they are sent, from the path on that the API itself sees: without a gateway's prefix. */
  readonly target: string
  /** `G…`, sent beside the signature as `Account-Id` and not covered by it. */
  readonly accountId?: string | undefined
  /** `compat` when left out. */
  readonly profile?: SignatureProfile | undefined
  /** `strict` wants one; `compat` covers it where there is one. */
  readonly date?: Date | undefined
  readonly dateHeader?: DateHeader | undefined
  /**
   * Printable ASCII, covered as `X-Nonce`. Dates are in seconds and Ed25519 gives equal signatures to equal texts: where
   * each is good once, this tells two like requests apart, also those of another page or device.
   */
  readonly nonce?: string | undefined
  /** As sent, to the byte; no bytes when left out. */
  readonly body?: string | undefined
}

export type Covered = readonly (readonly [name: string, value: string])[]

/**
 * TokenD's request signature: draft-cavage HTTP Signatures with `ed25519-sha256`, the headers to send.
 * @throws TypeError for `strict` without a date.
 */
export async function signRequest(request: RequestToSign): Promise<Readonly<Record<string, string>>> {
  const { signer, method, target, accountId, profile = 'compat', date, dateHeader = 'date', nonce, body = '' } = request
  if (profile === 'strict' && !date) throw new TypeError('date is missing: the strict profile covers it')
  const headers: Covered = [
    ...(date ? [[dateHeader, date.toUTCString()] as const] : []),
    ...(profile === 'strict' ? [['digest', digestOf(body)] as const] : []),
    ...(nonce === undefined ? [] : [['x-nonce', nonce] as const]),
  ]
  const signature = await signatureOver([['(request-target)', `${method.toLowerCase()} ${target}`], ...headers], signer)
  return { ...Object.fromEntries(headers), signature, ...(accountId !== undefined && { 'account-id': accountId }) }
}

/** The `Signature` header: Ed25519 over the 32 bytes of the SHA-256 of the signing string, which is not Ed25519ph. */
export async function signatureOver(covered: Covered, signer: Signer): Promise<string> {
  const signed = covered.map(([name, value]) => `${name}: ${value}`).join('\n')
  const signature = toBase64(await signer.sign(sha256(toUtf8(signed))))
  const names = covered.map(([name]) => name).join(' ')
  return `keyId="${signer.keyId}",algorithm="ed25519-sha256",headers="${names}",signature="${signature}"`
}

/** RFC 3230. A request without a body has the digest of no bytes. */
export const digestOf = (body: string): string => `SHA-256=${toBase64(sha256(toUtf8(body)))}`
