import type { DeviceError } from '../pkcs11/device-error.ts'
import type { VendorProfile } from './vendor-profile.ts'

/** The device says that it is busy, and nothing else. */
export const isBusy = ({ busy }: VendorProfile, { code }: DeviceError): boolean => busy?.codes?.includes(code) ?? false

/** Of a token that was proved healthy a moment ago: what may mean something else of a value means busy of a canary. */
export const mayBeBusy = (profile: VendorProfile, error: DeviceError): boolean =>
  isBusy(profile, error) || (profile.busy?.perhaps?.includes(error.code) ?? false)
