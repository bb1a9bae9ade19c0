import { type Policies, usualPolicies } from '@strongroom/identity'
import type { ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const policiesFrom = (values: ValuesOf<typeof settings>): Policies => ({
  ...usualPolicies,
  verification: values.EMAIL_VERIFICATION,
  unverifiedKept: values.UNVERIFIED_HOURS * HOUR,
  refusedDomains: values.REFUSED_EMAIL_DOMAINS.map((domain) => domain.toLowerCase()),
  clientDomains: values.CLIENT_DOMAINS,
  sessionLifetime: values.SESSION_MINUTES * MINUTE,
  hold: values.HOLD_DAYS * DAY,
  factors: { ...usualPolicies.factors, issuer: values.TOTP_ISSUER },
})
