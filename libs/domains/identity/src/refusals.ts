import { jsonApi, refusal } from '@strongroom/http/contract'
import { z } from 'zod'

export const notFound = refusal({ kind: 'not-found', status: 404, title: 'There is no such resource.' })
export const conflict = refusal({ kind: 'conflict', status: 409, title: 'Another resource is in the way.' })

/** Signed by a key that may not: told like a signature that is wrong, so that nobody learns which keys may. */
export const notAllowed = refusal({ kind: 'not-allowed', status: 401, title: 'The key may not do this.' })

export const tooManyRequests = refusal({
  kind: 'too-many-requests',
  status: 429,
  title: 'Too many requests.',
  details: { detail: z.literal('Too many requests, try again later') },
})

export const tooMany = () => tooManyRequests({ detail: 'Too many requests, try again later' })

export const verificationRequired = refusal({
  kind: 'verification-required',
  status: 403,
  title: 'The address of the wallet is not verified yet.',
  details: {
    detail: z.literal('Wallet verification is required'),
    code: z.literal('verification_required'),
    meta: z.object({ wallet_id: z.string() }),
  },
})

export const unverified = (walletId: string) =>
  verificationRequired({
    detail: 'Wallet verification is required',
    code: 'verification_required',
    meta: { wallet_id: walletId },
  })

/** One field is wrong in a way that no shape could tell. */
export const fieldRefused = refusal({
  kind: 'field-refused',
  status: 400,
  title: 'A field of the request is refused.',
  details: { meta: jsonApi.FieldMeta },
})

/** @param field A JSON pointer into the body. */
export const wrongField = (field: `/${string}`, error: string) => fieldRefused({ meta: { field, error } })
