import type { Row } from '../bench.ts'
import { accessRead } from './access-read.ts'
import { accounts } from './accounts.ts'
import { authShare } from './auth-share.ts'
import { blobs } from './blobs.ts'
import { cosign } from './cosign.ts'
import { createKey } from './create-key.ts'
import { growth } from './growth.ts'
import { health } from './health.ts'
import { hooks } from './hooks.ts'
import { hsmLayer } from './hsm-layer.ts'
import { hsmProcess } from './hsm-process.ts'
import { hsmTokens } from './hsm-tokens.ts'
import { identities } from './identities.ts'
import { memory } from './memory.ts'
import { notices } from './notices.ts'
import { openKey } from './open-key.ts'
import { qrCycle } from './qr-cycle.ts'
import { recover } from './recover.ts'
import { rewrap } from './rewrap.ts'
import { sessionCheck } from './session-check.ts'
import { signIn } from './sign-in.ts'
import { signUp } from './sign-up.ts'
import { signedRead } from './signed-read.ts'
import { tail } from './tail.ts'
import { unknownKey } from './unknown-key.ts'
import { walletOpen } from './wallet-open.ts'

/** Those of the key server, of sss-lca, of mpc-auth, of identity-storage; the longest of all at the end. */
export const rows: readonly Row[] = [
  health,
  openKey,
  unknownKey,
  createKey,
  hsmLayer,
  hsmProcess,
  hsmTokens,
  growth,
  notices,
  rewrap,
  tail,
  authShare,
  qrCycle,
  accessRead,
  hooks,
  recover,
  accounts,
  signIn,
  signedRead,
  walletOpen,
  sessionCheck,
  signUp,
  blobs,
  identities,
  cosign,
  memory,
]
