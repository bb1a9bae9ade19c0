import { HsmRefusal } from '../errors.ts'
import type { TokenDescription } from '../keystore.ts'
import { cloudKms } from './cloud-kms.ts'
import { cloudHsm } from './cloudhsm.ts'
import { luna } from './luna.ts'
import { nShield } from './nshield.ts'
import { protectServer } from './protectserver.ts'
import { utimaco } from './utimaco.ts'
import type { ProfileName, VendorProfile } from './vendor-profile.ts'
import { yubiHsm } from './yubihsm.ts'

/** Of a module that does as the standard says. */
export const noProfile: VendorProfile = { name: 'none' }

export const vendorProfiles: readonly VendorProfile[] = [
  cloudHsm,
  luna,
  nShield,
  yubiHsm,
  cloudKms,
  utimaco,
  protectServer,
]

/** The one that was asked for, or else the one that the token's manufacturer and model say. Throws `HsmRefusal` for other names. */
export const profileOf = (
  { manufacturer, model }: Pick<TokenDescription, 'manufacturer' | 'model'>,
  name?: ProfileName,
): VendorProfile =>
  name === undefined
    ? (vendorProfiles.find(({ matches }) => matches?.test(`${manufacturer} ${model}`)) ?? noProfile)
    : profileNamed(name)

/** Throws `HsmRefusal`. */
export function profileNamed(name: ProfileName): VendorProfile {
  const all = [noProfile, ...vendorProfiles]
  const named = all.find((profile) => profile.name === name)
  if (named !== undefined) return named
  const known = all.map((profile) => profile.name).join(', ')
  throw new HsmRefusal('profile-unknown', `there is no profile "${name}": choose one of ${known}`)
}
