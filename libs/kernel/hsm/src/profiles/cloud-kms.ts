import type { VendorProfile } from './vendor-profile.ts'

/** Google Cloud KMS, libkmsp11. See `docs/hsm/cloud-kms.md`. */
export const cloudKms: VendorProfile = {
  name: 'cloud-kms',
  matches: /cloud kms|google/i,
  gcm: [
    {
      mechanism: 0x8001_e101,
      iv: 'written-over-zeros',
      given: { bytes: 12, bits: 96 },
      opens: 'by-parameter',
      ivBytes: 12,
    },
  ],
}
