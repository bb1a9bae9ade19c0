import type { VendorProfile } from '../profiles/vendor-profile.ts'
import { CKM } from '../pkcs11/cryptoki.ts'

/** What a module does with the IV of AES-GCM. */
export interface GcmHabit {
  readonly mechanism: number
  /**
   * `in-parameter`: it takes ours, or writes its own over it; `written-over-zeros`: it draws one where it is given zeros;
   * `appended`, `prepended`: what it used stands behind the tag, or before the ciphertext.
   */
  readonly iv: 'in-parameter' | 'written-over-zeros' | 'appended' | 'prepended'
  /** What it wants to be given. Without bytes the number of bits says what it shall draw. */
  readonly given: { readonly bytes: 0 | 12 | 16; readonly bits: 96 | 128 }
  /** Whether it decrypts as the standard says, or what it made as it made it. */
  readonly opens: 'by-parameter' | 'as-made'
}

const given12 = { bytes: 12, bits: 96 } as const

const moved = (ivBytes: 12 | 16): readonly GcmHabit[] =>
  (['appended', 'prepended'] as const).flatMap((iv) =>
    givenFor[ivBytes].flatMap((given) =>
      (['by-parameter', 'as-made'] as const).map((opens) => ({ mechanism: CKM.aesGcm, iv, given, opens })),
    ),
  )

const givenFor: Readonly<Record<12 | 16, readonly GcmHabit['given'][]>> = {
  12: [given12, { bytes: 0, bits: 96 }],
  // A module that always draws 16 bytes ignores what it is given.
  16: [given12, { bytes: 16, bits: 128 }, { bytes: 0, bits: 128 }],
}

const usual: Readonly<Record<12 | 16, readonly GcmHabit[]>> = {
  12: [
    { mechanism: CKM.aesGcm, iv: 'in-parameter', given: given12, opens: 'by-parameter' },
    { mechanism: CKM.aesGcm, iv: 'written-over-zeros', given: given12, opens: 'by-parameter' },
    ...moved(12),
  ],
  16: moved(16),
}

/** In the order in which they are tried. */
export const gcmHabits = ({ gcm = [] }: VendorProfile, ivBytes: 12 | 16): readonly GcmHabit[] => [
  ...gcm.filter((habit) => habit.ivBytes === ivBytes),
  ...usual[ivBytes],
]
