import type { VendorProfile } from './vendor-profile.ts'

/** Entrust nShield, Security World 13. See `docs/hsm/nshield.md`. */
export const nShield: VendorProfile = {
  name: 'nshield',
  matches: /ncipher|nshield|entrust/i,
}
