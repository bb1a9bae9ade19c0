import type { Binding, KeyRecord } from '../keystore.ts'

/** A MAC key that another token may be given one day: encrypted to a token that is kept in a safe. */
export interface MovableCopy extends Pick<KeyRecord, 'label' | 'use' | 'version'> {
  readonly copy: Uint8Array
}

/** Where a copy opens: as that key of that app, and as nothing else. */
export const movableBinding = (app: string, { label, version }: Pick<MovableCopy, 'label' | 'version'>): Binding => ({
  table: 'movable-keys',
  row: label,
  owner: app,
  purpose: 'mac-key',
  version,
})
