import { canonicalJson, sha256, toHex } from '@strongroom/crypto'
import type { Stamped } from '../accounts/names.ts'
import { subjectOf } from '../sign/holds.ts'
import type { Parties } from './judge.ts'
import type { RecoveryRow } from './store.ts'

interface RecoveryFacts {
  readonly chainName: string
  readonly recoveryKey: string
  readonly newKey: Uint8Array
}

/** What a recovery is held for: this key, let in by that one, on this chain. */
const recoveryDigest = (of: RecoveryFacts): string => toHex(sha256(canonicalJson({ ...of, newKey: toHex(of.newKey) })))

export const subjectOfRecovery = (
  { id, accountId }: Pick<RecoveryRow, 'id' | 'accountId'>,
  of: RecoveryFacts,
): string => subjectOf({ of: 'recovery', accountId, id, digest: recoveryDigest(of) })

export const factsOf = (
  { chainName }: Pick<RecoveryRow, 'chainName'>,
  { recoveryKey, newKey }: Pick<Parties, 'recoveryKey' | 'newKey'>,
): RecoveryFacts => ({ chainName: chainName ?? '', recoveryKey: recoveryKey.id, newKey: newKey.publicKey })

/** That its hold was over, and it was signed: until then it may be signed anew. */
export const signedFacts = (row: Pick<RecoveryRow, 'id' | 'chainName'>, parties: Parties, until: Date): Stamped => ({
  kind: 'recovery',
  name: row.id,
  facts: [recoveryDigest(factsOf(row, parties)), 'signed', until.toISOString()],
})
