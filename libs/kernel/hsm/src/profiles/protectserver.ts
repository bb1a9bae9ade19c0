import type { VendorProfile } from './vendor-profile.ts'

/** Thales ProtectServer 3, ProtectToolkit-C 7. See `docs/hsm/protectserver.md`. */
export const protectServer: VendorProfile = {
  name: 'protectserver',
  matches: /protectserver|protecttoolkit/i,
  gcm: [
    // From 7.1 on zeros ask for an IV, which is written over them; before, what was used stands behind the tag.
    {
      mechanism: 0x1087,
      iv: 'written-over-zeros',
      given: { bytes: 12, bits: 96 },
      opens: 'by-parameter',
      ivBytes: 12,
    },
    { mechanism: 0x1087, iv: 'appended', given: { bytes: 12, bits: 96 }, opens: 'by-parameter', ivBytes: 12 },
  ],
}
