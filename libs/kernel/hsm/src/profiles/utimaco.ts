import type { VendorProfile } from './vendor-profile.ts'

/** Utimaco SecurityServer. Nothing that could be read asks for more than the standard. See `docs/hsm/utimaco.md`. */
export const utimaco: VendorProfile = {
  name: 'utimaco',
  matches: /utimaco|cryptoserver/i,
}
