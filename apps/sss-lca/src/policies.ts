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

/** A tenant that nobody configured gets the first name: the header is the caller's to write. */
export function brandsFrom({ BRAND_NAMES: names }: Values): Brands {
  const [usual = 'LearnCard'] = names.values()
  return (tenant) => (tenant === undefined ? usual : (names.get(tenant) ?? usual))
}
