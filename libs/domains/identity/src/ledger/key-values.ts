import { type KeyValue, keyValues, RECOVERY_ROLE } from './ledger.ts'
import { numberOf } from './signer-rules.ts'

/**
 * What the embedded ledger answers unless an operator says otherwise. Published clients take the role 1 for that of a
 * recovery signer wherever they see it, so that no other role may be 1.
 */
export const usualKeyValues: Readonly<Record<string, KeyValue>> = {
  [keyValues.defaultSignerRole]: { type: 'u32', value: 2 },
  [keyValues.recoverySignerRole]: { type: 'u64', value: 3 },
  [keyValues.recoveryEnabled]: { type: 'u32', value: 1 },
  [keyValues.unverifiedRole]: { type: 'u32', value: 3 },
}

export interface LedgerRoles {
  readonly defaultSigner: number
  readonly recovering: number | undefined
  readonly unverified: number
  readonly recoveryEnabled: boolean
}

/** @throws RangeError where roles would be taken for one another: then a key could do what nobody gave it. */
export function readRoles(values: Readonly<Record<string, KeyValue>>): LedgerRoles {
  const read = (name: string): number | undefined => {
    const value = numberOf(values[name])
    if (values[name] && !(Number.isSafeInteger(value) && (value as number) >= 0))
      throw new RangeError(`the key value ${name} is no number of a role`)
    return value
  }
  const defaultSigner = read(keyValues.defaultSignerRole)
  const recovering = read(keyValues.recoverySignerRole)
  const unverified = read(keyValues.unverifiedRole)
  if (defaultSigner === undefined || unverified === undefined)
    throw new RangeError(`the key values ${keyValues.defaultSignerRole} and ${keyValues.unverifiedRole} must be there`)
  if (new Set([RECOVERY_ROLE, defaultSigner, recovering]).size < 3)
    throw new RangeError(
      `the key values ${keyValues.defaultSignerRole} and ${keyValues.recoverySignerRole} must differ, and not be 1`,
    )
  return { defaultSigner, recovering, unverified, recoveryEnabled: (read(keyValues.recoveryEnabled) ?? 0) > 0 }
}
