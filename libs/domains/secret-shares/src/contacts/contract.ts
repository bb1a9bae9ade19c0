import { allOf, endpoint, optional, refusal } from '@strongroom/http/contract'
import { didPresentation, loginFields, loginToken } from '@strongroom/proofs/contract'
import { Secret } from '@strongroom/crypto'
import { z } from 'zod'
import { callerRefusals, ContactMethod, Done, plainText, tenantHeader, tooManyRequests } from '../accounts/contract.ts'
import { Code, EmailAddress } from '../recovery/contract.ts'
import { shareConflict } from '../shares/contract.ts'

/** Four hex digits of the version, then the share of 33 bytes: `000c47dee4…`. Nothing else is mailed to anybody. */
const EmailShare = z
  .string()
  .regex(/^[0-9a-f]{70}$/i)
  .transform((text) => new Secret(text))

export const backupRefused = refusal({
  kind: 'backup-refused',
  status: 502,
  title: 'The e-mail could not be delivered. Please try again.',
})
export const noRecoveryEmail = refusal({
  kind: 'no-recovery-email',
  status: 400,
  title: 'No verified recovery email on file.',
})
export const addressNeeded = refusal({
  kind: 'address-needed',
  status: 400,
  title: 'An email address or useRecoveryEmail flag is required.',
})
export const twoAddresses = refusal({
  kind: 'two-addresses',
  status: 400,
  title: 'Either an email address or the useRecoveryEmail flag, not both.',
})
export const foreignAddress = refusal({
  kind: 'foreign-address',
  status: 403,
  title: 'Backups are sent to the address of the account or to its recovery email only.',
})

export const emailBackup = endpoint({
  method: 'POST',
  path: '/api/keys/email-backup',
  name: 'keys.emailBackup',
  summary: 'Mail a share to its owner. It is in our memory while the mail is sent, and nowhere else.',
  proof: allOf({ login: loginToken, did: optional(didPresentation) }),
  headers: tenantHeader,
  body: z
    .object({
      ...loginFields,
      emailShare: EmailShare.optional(),
      encryptedShare: EmailShare.optional().meta({ description: 'The same as `emailShare`.' }),
      email: EmailAddress.optional(),
      useRecoveryEmail: z.boolean().optional(),
      contactMethod: ContactMethod.optional(),
    })
    .refine(({ emailShare, encryptedShare }) => (emailShare === undefined) !== (encryptedShare === undefined), {
      path: ['emailShare'],
      message: 'one of emailShare and encryptedShare is needed',
    }),
  bodyLimit: 32_768,
  reply: { 200: Done },
  refusals: [
    ...callerRefusals,
    noRecoveryEmail,
    addressNeeded,
    twoAddresses,
    foreignAddress,
    backupRefused,
    tooManyRequests,
  ],
})

const Outcome = z.object({ success: z.boolean(), error: z.string().optional() })

export const sendLoginCode = endpoint({
  method: 'POST',
  path: '/api/send-login-verification-code',
  name: 'firebase.sendLoginVerificationCode',
  summary: 'Mail a code of six digits that proves an e-mail address for five minutes.',
  headers: tenantHeader,
  body: z.object({ email: EmailAddress, locale: z.string().max(35).optional() }),
  reply: { 200: Outcome },
  refusals: [tooManyRequests],
})

export const providerCannot = refusal({
  kind: 'provider-cannot',
  status: 501,
  title: 'This login provider is not configured for that.',
})

export const verifyLoginCode = endpoint({
  method: 'POST',
  path: '/api/verify-login-code',
  name: 'firebase.verifyLoginCode',
  summary: 'Trade a code for a token with which to sign in at the login provider.',
  body: z.object({ email: EmailAddress, code: Code }),
  reply: { 200: Outcome.extend({ token: z.string().optional() }) },
  refusals: [providerCannot, tooManyRequests],
})

export const invalidCode = refusal({
  kind: 'invalid-code',
  status: 400,
  title: 'Invalid or expired code. Please try again.',
})
export const noAccountOfPhone = refusal({
  kind: 'no-account-of-phone',
  status: 404,
  title: 'No account found for the provided phone number.',
})
export const upgradeForbidden = refusal({
  kind: 'upgrade-forbidden',
  status: 403,
  title: 'You do not have permission to upgrade this account.',
})
export const emailTaken = refusal({
  kind: 'email-taken',
  status: 409,
  title: 'This email is already associated with another account.',
})
export const linkFailed = refusal({
  kind: 'link-failed',
  status: 500,
  title: 'Failed to link email to your account. Please try again.',
})

const phone = plainText(z.string().min(1).max(32))

export const upgradeContact = endpoint({
  method: 'POST',
  path: '/api/keys/upgrade-contact-method',
  name: 'keys.upgradeContactMethod',
  summary:
    'Move a record from a phone number to an e-mail address that a code proves, and link it at the login provider.',
  proof: allOf({ login: loginToken, did: optional(didPresentation) }),
  body: z
    .object({
      ...loginFields,
      previousPhone: phone.optional(),
      email: EmailAddress.optional(),
      oldContactMethod: z.object({ type: z.literal('phone'), value: phone }).optional(),
      newContactMethod: z.object({ type: z.literal('email'), value: EmailAddress }).optional(),
      code: Code,
    })
    .refine(
      ({ previousPhone, oldContactMethod }) => (previousPhone === undefined) !== (oldContactMethod === undefined),
      {
        path: ['previousPhone'],
        message: 'one of previousPhone and oldContactMethod is needed',
      },
    )
    .refine(({ email, newContactMethod }) => (email === undefined) !== (newContactMethod === undefined), {
      path: ['email'],
      message: 'one of email and newContactMethod is needed',
    }),
  bodyLimit: 32_768,
  reply: { 200: Done.extend({ customToken: z.string().optional() }) },
  refusals: [
    invalidCode,
    noAccountOfPhone,
    upgradeForbidden,
    emailTaken,
    shareConflict,
    linkFailed,
    providerCannot,
    tooManyRequests,
  ],
})
