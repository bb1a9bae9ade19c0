import type { Database } from '@strongroom/storage'
import { listVersions, restoreVersion } from './shares/store.ts'
import { disableUser, enableUser } from './users/store.ts'

// What an operator may do: nothing here opens a share.
/** False for an unknown user. */
export const disable = (database: Database, userId: string): Promise<boolean> => disableUser(database, userId)
export const enable = (database: Database, userId: string): Promise<boolean> => enableUser(database, userId)

/** The version that is current now, or `undefined` where the wanted one, or any before the current one, is not kept. */
export const restoreBackup = (database: Database, keyId: string, version?: number): Promise<number | undefined> =>
  database.transaction((tx) => restoreVersion(tx, keyId, version))

/** Numbers and times of the versions that are kept: nothing of what they hold. */
export const listBackups = (database: Database, keyId: string) => listVersions(database, keyId)
