import { sealedBlobs } from './blobs/sealed-blobs.ts'
import { sealedIdentities } from './identities/sealed-identities.ts'
import { sealedEmails } from './invites/sealed-emails.ts'
import { sealedSeeds } from './multisig/sealed-seeds.ts'
import { sealedSettings } from './settings/sealed-settings.ts'
import { sealedContents } from './wallets/sealed-contents.ts'
import { sealedFactors } from './wallets/sealed-factors.ts'

/** What lasts. Sessions, changes under way, what is held and mail are sealed by whichever tokens were there. */
export const sealedColumns = [
  sealedContents,
  sealedFactors,
  sealedSettings,
  sealedBlobs,
  sealedIdentities,
  sealedEmails,
  sealedSeeds,
]
