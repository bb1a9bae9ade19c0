import type { KeyNeed } from '@strongroom/hsm'
import { create, createForAccount } from './create-blob.ts'
import { remove } from './delete-blob.ts'
import { get, getOfAccount } from './get-blob.ts'
import { list } from './list-blobs.ts'
import { BLOB_USE } from './names.ts'

export type { BlobDeps } from './create-blob.ts'
export { type BlobPolicies, usualBlobPolicies } from './policies.ts'

/** In the order of the contract. */
export const blobHandlers = [createForAccount, getOfAccount, create, get, remove, list]

/** What the runtime role may do. */
export const blobTables = {
  blob_owners: ['select', 'insert', 'update', 'delete'],
  blobs: ['select', 'insert', 'update', 'delete'],
  blob_tags: ['select', 'insert', 'delete'],
} as const

export const blobKeyNeeds: readonly KeyNeed[] = [
  { job: 'seal', use: '' },
  { job: 'mac', use: BLOB_USE, rotates: 'fixed' },
]
