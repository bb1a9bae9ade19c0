import type { Secret } from '@strongroom/crypto'
import { handlersFor, keyNeeds, postgresStore, qrLoginMigrations, redisStore, sweeps } from '@strongroom/qr-login'
import type { Database } from '@strongroom/storage'

// The parts that an app mounts; `forgetDevices` goes to whoever erases accounts.
export const parts = { handlers: handlersFor('token'), sweeps, keyNeeds, qrLoginMigrations }

export const storeFor = (database: Database, url?: Secret) => (url ? redisStore({ url }) : postgresStore(database))
