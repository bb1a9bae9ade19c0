import type { KeyNeed } from '@strongroom/hsm'
import { STAMP_USE } from '../wallets/names.ts'
import { get, getOfAccount } from './get-document.ts'
import { upload, uploadForAccount } from './upload.ts'

export type { DocumentDeps } from './deps.ts'
export { objectDoors } from './doors.ts'
export { PUBLIC_PREFIX } from './names.ts'
export {
  noObjectStore,
  type ObjectStore,
  ObjectStoreUnavailable,
  type UploadFields,
  type UploadForm,
} from './object-store.ts'
export { type DocumentPolicies, usualDocumentPolicies, usualMediaTypes } from './policies.ts'
export { s3ObjectStore, type S3Options } from './s3-object-store.ts'

/** In the order of the contract. */
export const documentHandlers = [uploadForAccount, getOfAccount, upload, get]

/** What the runtime role may do. */
export const documentTables = { documents: ['select', 'insert', 'delete'] } as const

export const documentKeyNeeds: readonly KeyNeed[] = [{ job: 'mac', use: STAMP_USE, rotates: 'fixed' }]
