import { type Policies, usualPolicies } from '@strongroom/identity'
import type { ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

const MINUTE = 60
const MEBIBYTE = 1_048_576
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const policiesFrom = (values: ValuesOf<typeof settings>): Policies => ({
  ...usualPolicies,
  verification: values.EMAIL_VERIFICATION,
  unverifiedKept: values.UNVERIFIED_HOURS * HOUR,
  refusedDomains: values.REFUSED_EMAIL_DOMAINS.map((domain) => domain.toLowerCase()),
  documents: {
    ...usualPolicies.documents,
    largest: { general: values.DOCUMENT_MEBIBYTES * MEBIBYTE },
  },
  clientDomains: values.CLIENT_DOMAINS.map((host) => host.toLowerCase()),
  multisig: { ...usualPolicies.multisig, purposes: values.COSIGNED_OPERATIONS },
  sessionLifetime: values.SESSION_MINUTES * MINUTE,
  hold: values.HOLD_DAYS * DAY,
  factors: { ...usualPolicies.factors, issuer: values.TOTP_ISSUER },
})
