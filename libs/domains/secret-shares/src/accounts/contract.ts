import { refusal } from '@strongroom/http/contract'
import { loginFields } from '@strongroom/proofs/contract'
import { z } from 'zod'

const LONGEST_CONTACT = 320

/** Text that is looked up or stored as it is: what neither a MAC nor PostgreSQL can take is refused here, not there. */
export const plainText = (schema: z.ZodString) =>
  schema.refine((text) => text.isWellFormed() && !text.includes('\u0000'), {
    message: 'text cannot have this character',
  })

const contactValue = plainText(z.string().min(1).max(LONGEST_CONTACT))

/** What a login proves of a person. */
export const ContactMethod = z
  .object({ type: z.enum(['email', 'phone']), value: contactValue })
  .meta({ description: 'An e-mail address or a phone number; where it is sent, it must be the login’s own.' })

/** The same in a query. */
export const contactQuery = {
  contactMethodType: z.enum(['email', 'phone']).optional(),
  contactMethodValue: contactValue.optional(),
}

/** A login that a query may leave out. */
export const optionalLogin = {
  authToken: loginFields.authToken.optional(),
  providerType: loginFields.providerType.optional(),
}

/** Whose name mails are sent under. */
export const tenantHeader = z.object({ 'x-tenant-id': z.string().max(64).optional() })

/** Whole numbers, also as text: the original coerces them. */
export const Version = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ])
  .pipe(z.int().min(1).max(2_147_483_647))
  .meta({ description: 'A version of the auth share, from 1 on.', example: 1 })

export const KeyProvider = z.enum(['web3auth', 'sss'])
export const SecurityLevel = z.enum(['basic', 'enhanced', 'advanced'])
export const Done = z.object({ success: z.literal(true) })

export const contactMismatch = refusal({
  kind: 'contact-mismatch',
  status: 403,
  title: 'The contact method is not the one of this login.',
})
export const anotherLogin = refusal({
  kind: 'another-login',
  status: 403,
  title: 'This account belongs to another login. Sign a challenge with its DID to use this one.',
})
export const anotherDid = refusal({
  kind: 'another-did',
  status: 403,
  title: 'The account belongs to another DID.',
})
export const keyNotFound = refusal({
  kind: 'key-not-found',
  status: 404,
  title: 'User key not found. Set up SSS first.',
})
export const tooManyRequests = refusal({
  kind: 'too-many-requests',
  status: 429,
  title: 'Too many requests. Please try again later.',
})

/** What naming the caller may be refused with. */
export const callerRefusals = [contactMismatch, anotherLogin, anotherDid] as const
