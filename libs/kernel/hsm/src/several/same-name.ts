import { equalBytes } from '@strongroom/crypto'
import type { SealKeyName } from '../operations/recipients.ts'

/** A key opens what names it, its version and its strategy: all three are bound into what is sealed. */
export const isSameName = (a: SealKeyName, b: SealKeyName): boolean =>
  a.version === b.version && a.strategy === b.strategy && equalBytes(a.keyId, b.keyId)
