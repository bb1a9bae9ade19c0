import type { VendorProfile } from './vendor-profile.ts'

/** Thales Luna 7. See `docs/hsm/luna.md`. */
export const luna: VendorProfile = {
  name: 'luna',
  matches: /\bluna\b/i,
  gcm: [
    // FIPS mode from firmware 7.9.3 on: without bytes it draws as many bits as it is told, and puts them behind the tag.
    { mechanism: 0x1087, iv: 'appended', given: { bytes: 0, bits: 96 }, opens: 'by-parameter', ivBytes: 12 },
    { mechanism: 0x1087, iv: 'appended', given: { bytes: 12, bits: 96 }, opens: 'by-parameter', ivBytes: 16 },
  ],
  keyWrap: [0x8000_0170],
  keyWrapPad: [0x8000_0171],
}
