import type { Database } from '@strongroom/storage'
import { restorePrevious } from './shares/store.ts'
import { disableUser, enableUser } from './users/store.ts'

// What an operator may do: nothing here opens a share.
/** False for an unknown user. */
export const disable = (database: Database, userId: string): Promise<boolean> => disableUser(database, userId)
export const enable = (database: Database, userId: string): Promise<boolean> => enableUser(database, userId)

/** The version that is current now, or `undefined` where none before it is kept. */
export const restoreBackup = (database: Database, keyId: string): Promise<number | undefined> =>
  database.transaction((tx) => restorePrevious(tx, keyId))
