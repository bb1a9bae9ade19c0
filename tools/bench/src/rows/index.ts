import type { Row } from '../bench.ts'
import { accessRead } from './access-read.ts'
import { authShare } from './auth-share.ts'
import { createKey } from './create-key.ts'
import { growth } from './growth.ts'
import { health } from './health.ts'
import { hooks } from './hooks.ts'
import { hsmLayer } from './hsm-layer.ts'
import { memory } from './memory.ts'
import { notices } from './notices.ts'
import { openKey } from './open-key.ts'
import { qrCycle } from './qr-cycle.ts'
import { recover } from './recover.ts'
import { tail } from './tail.ts'
import { unknownKey } from './unknown-key.ts'

/** Those of the key server, of sss-lca, of mpc-auth; the longest of all at the end. */
export const rows: readonly Row[] = [
  health,
  openKey,
  unknownKey,
  createKey,
  hsmLayer,
  growth,
  notices,
  tail,
  authShare,
  qrCycle,
  accessRead,
  hooks,
  recover,
  memory,
]
