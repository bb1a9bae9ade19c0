import type { KeyRecord } from '../keystore.ts'
import type { LowPinCount } from '../log-in.ts'
import type { ModuleSource } from '../pkcs11/module-registry.ts'
import type { ProfileName } from '../profiles/vendor-profile.ts'
import type { Inspection, Step } from './inspection.ts'
import type { ThrowAway } from './throw-away-token.ts'

/** What the process that looks is told, over its channel: no PIN is on a command line or in an environment. */
export interface InspectionPlan {
  readonly module: ModuleSource
  /** A token that exists, a throw-away one, or none: the module and its slots alone. */
  readonly token?: PlannedToken | ThrowAway
  /** What should be on it. */
  readonly keys: readonly KeyRecord[]
}

export interface PlannedToken {
  readonly label: string
  readonly pin: Uint8Array
  readonly profile?: ProfileName | undefined
  /** As the latch said. */
  readonly lowPinCount: LowPinCount
  readonly deployment: string
  readonly app: string
}

/** What was found so far, whole each time: the last one counts. */
export interface InspectionNews {
  readonly found: Inspection
  /** What comes next, so that a process that dies tells in what. */
  readonly next: Step | 'end'
}
