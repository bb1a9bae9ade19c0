import { type Proof, refusal } from '@strongroom/http/contract'
import { z } from 'zod'

/** Who signed a request. Whether that key may sign for an account is the domain's question. */
export interface Signed {
  /** `G…`: the key that signed. */
  readonly keyId: string
  /** `G…`: the account that the caller says it acts for, in `Account-Id`. Not signed: a hint and no proof. */
  readonly accountId?: string
  /**
   * What was signed, in lower case and in the signer's order. Without `date` or `x-date` a signature is good for ever;
   * without `digest`, for any body. Of the legacy form: `uri` and `valid_untill`, and so any method.
   */
  readonly covered: readonly string[]
  readonly source: 'signature' | 'legacy'
}

export const unreadableReasons = [
  'more than one signature',
  'not a list of name="value"',
  'a parameter is unknown, repeated or missing',
  'algorithm is not ed25519-sha256',
  'keyId is no account key',
  'headers is empty, repeats a name, or names what cannot be signed',
  'signature is not 64 bytes in base64',
  'legacy header is missing or malformed',
  'Account-Id is no account key',
] as const

export type UnreadableReason = (typeof unreadableReasons)[number]

export const signatureUnreadable = refusal({
  kind: 'signature-unreadable',
  status: 400,
  title: 'Request signature was invalid in some way',
  details: {
    detail: z.literal('Request signature was invalid in some way'),
    meta: z.object({ reason: z.enum(unreadableReasons) }),
  },
})

/** None, wrong, expired, seen before: the caller is not told which. */
export const signatureRefused = refusal({
  kind: 'signature-refused',
  status: 401,
  title: 'The request is not signed as it must be.',
})

/**
 * A request signed as TokenD's clients sign it: draft-cavage-http-signatures-12 with `ed25519-sha256`, that is Ed25519 over
 * the SHA-256 of the signing string, in `Signature` or in `Authorization` with or without the word `Signature`.
 */
export const requestSignature: Proof<Signed> = {
  name: 'requestSignature',
  scheme: {
    type: 'apiKey',
    in: 'header',
    name: 'Signature',
    description:
      'keyId="G…",algorithm="ed25519-sha256",headers="(request-target) date digest",signature="…": Ed25519 over the SHA-256 of the signing string of draft-cavage-http-signatures. Pages of browsers, which may not set `Date`, sign `x-date` in its place.',
  },
  reads: { header: ['signature', 'authorization', 'x-authsignature'] },
  refusals: [signatureUnreadable, signatureRefused],
}
