import type { VendorProfile } from './vendor-profile.ts'

/** AWS CloudHSM, client SDK 5. See `docs/hsm/cloudhsm.md`. */
export const cloudHsm: VendorProfile = {
  name: 'cloudhsm',
  matches: /cloudhsm|cavium|marvell/i,
  gcm: [
    // It writes its IV over zeros, and takes no other.
    {
      mechanism: 0x1087,
      iv: 'written-over-zeros',
      given: { bytes: 12, bits: 96 },
      opens: 'by-parameter',
      ivBytes: 12,
    },
    { mechanism: 0x8000_1087, iv: 'prepended', given: { bytes: 0, bits: 96 }, opens: 'as-made', ivBytes: 12 },
  ],
  keyWrap: [0x8000_2109],
  keyWrapPad: [0x8000_216f],
  sessions: { kind: 'read-write' },
  busy: { perhaps: [0x6], retryAfterSeconds: 2 },
}
