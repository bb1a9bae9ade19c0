import { equalBytes } from '@strongroom/crypto'
import { HsmRefusal } from '../errors.ts'
import type { KeyJob, KeyNeed, KeyRecord } from '../keystore.ts'

/** Jobs that every token does. Signing keys stay on the first: two would be two signers. */
const sharedJobs: readonly KeyJob[] = ['seal', 'wrap', 'wrap-pair', 'mac']

/** What a token must hold of what the app needs. */
export const neededOn = <Need extends KeyNeed>(place: 'first' | 'further', needs: readonly Need[]): readonly Need[] =>
  place === 'first' ? needs : needs.filter(({ job }) => sharedJobs.includes(job))

/** A record without a label is of the first token. */
export const recordsOf = (
  records: readonly KeyRecord[],
  { label, first }: { label: string; first: string },
): readonly KeyRecord[] => records.filter(({ token = first }) => token === label)

/**
 * Throws `HsmRefusal` where a token lacks a key that another one has, or was recorded with another MAC key: what one
 * computes, the other looks up.
 */
export function refuseUnequalRecords(records: readonly KeyRecord[], labels: readonly string[]): void {
  const [first = ''] = labels
  const perToken = labels.map((label) => ({ label, own: recordsOf(records, { label, first }) }))
  for (const wanted of neededOn(
    'further',
    perToken.flatMap(({ own }) => own),
  )) {
    for (const { label, own } of perToken) {
      const found = own.filter((record) => isSameKey(record, wanted))
      if (found.length === 0) refuseLacking(label, wanted)
      if (wanted.job === 'mac' && !found.every(({ checkValue }) => equalBytes(checkValue, wanted.checkValue))) {
        refuseOtherMacKey(label, wanted)
      }
    }
  }
}

/** Seal and wrap keys are each token's own, and may be of other versions; a MAC key is one. */
const isSameKey = (a: KeyRecord, b: KeyRecord): boolean =>
  a.job === b.job && a.use === b.use && (a.job !== 'mac' || a.version === b.version)

function refuseLacking(token: string, { label }: KeyRecord): never {
  const remedy = 'provision with every token at hand'
  throw new HsmRefusal('key-missing', `no key like "${label}" is recorded of the token "${token}": ${remedy}`)
}

export function refuseOtherMacKey(token: string, { label }: Pick<KeyRecord, 'label'>): never {
  const remedy = 'clone the key of the first token by the vendor’s means; MACs of two keys are two names of one thing'
  throw new HsmRefusal('key-mismatch', `the token "${token}" has another MAC key "${label}" than the first: ${remedy}`)
}
