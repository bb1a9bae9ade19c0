import { type Policies as RelayPolicies, usualPolicies as usualRelay } from '@strongroom/qr-login'
import { type Brands, type Policies, usualPolicies } from '@strongroom/secret-shares'
import type { ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

const DAY = 86_400

type Values = ValuesOf<typeof settings>

export const policiesFrom = (values: Values): Policies => ({
  ...usualPolicies,
  rotationsPerDay: values.ROTATIONS_PER_DAY,
  hold: values.HOLD_DAYS * DAY,
  startOver: { ...usualPolicies.startOver, delay: values.START_OVER_DAYS * DAY },
})

export const relayPoliciesFrom = (values: Values): RelayPolicies => ({
  ...usualRelay,
  creations: { ...usualRelay.creations, points: values.QR_CREATIONS_PER_ADDRESS },
  lookups: { ...usualRelay.lookups, points: values.QR_LOOKUPS_PER_ADDRESS },
  allLookups: { ...usualRelay.allLookups, points: values.QR_LOOKUPS_IN_ALL },
})

/** A tenant that nobody configured gets the first name: the header is the caller's to write. */
export function brandsFrom({ BRAND_NAMES: names }: Values): Brands {
  const [usual = 'LearnCard'] = names.values()
  return (tenant) => (tenant === undefined ? usual : (names.get(tenant) ?? usual))
}
