import type { VendorProfile } from './vendor-profile.ts'

/** YubiHSM 2. See `docs/hsm/yubihsm.md`. */
export const yubiHsm: VendorProfile = {
  name: 'yubihsm',
  matches: /yubihsm/i,
  sessions: { kind: 'read-write', most: 16 },
  busy: { codes: [0xb1] },
}
