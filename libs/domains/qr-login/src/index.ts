import type { KeyNeed } from '@strongroom/hsm'
import { sweep } from '@strongroom/jobs'
import { type Database, readMigrations } from '@strongroom/storage'
import { DEVICE_USE } from './devices/address.ts'
import { deviceHandlers } from './devices/api.ts'
import { sealedAddresses } from './devices/sealed-addresses.ts'
import { approve, approveOpen } from './sessions/approve-session.ts'
import { create } from './sessions/create-session.ts'
import { lookUp } from './sessions/look-up-session.ts'
import { notify } from './sessions/notify-devices.ts'
import { sweepSessions } from './sessions/postgres-store.ts'

export type { Account, FindAccount, HoldAccount } from './account.ts'
export * from './contract.ts'
export type { DeviceDeps } from './devices/api.ts'
export { forgetDevices } from './devices/store.ts'
export { type Policies, usualPolicies } from './policies.ts'
export type { ApprovalDeps } from './sessions/approve-session.ts'
export type { CreationDeps } from './sessions/create-session.ts'
export type { NoticeDeps } from './sessions/notify-devices.ts'
export { postgresStore } from './sessions/postgres-store.ts'
export { RelayUnavailable } from './sessions/redis-connection.ts'
export { redisStore, type RedisStore } from './sessions/redis-store.ts'
export type { Approval, NewSession, Session, SessionStore } from './sessions/store.ts'

/** Who may approve a session: whoever is logged in, or, as the original's client wants it, anyone. */
export type ApproveAuth = 'token' | 'open'

/** In the order of the contract. */
export const handlersFor = (approveAuth: ApproveAuth) => [
  create,
  lookUp,
  approveAuth === 'token' ? approve : approveOpen,
  notify,
  ...deviceHandlers,
]

const MINUTE = 60

/** What expired goes. */
const expired = sweep<{ readonly database: Database }>()({
  name: 'qr-login.forget',
  every: MINUTE,
  async run({ database }) {
    await sweepSessions(database)
  },
})

export const sweeps = [expired]

export const qrLoginMigrations = readMigrations('qr_login', new URL('../migrations/', import.meta.url), {
  devices: ['select', 'insert', 'update', 'delete'],
  sessions: ['select', 'insert', 'update', 'delete'],
  limits: ['select', 'insert', 'update', 'delete'],
})

export const sealedColumns = [sealedAddresses]

/** What this domain asks of a token. */
export const keyNeeds: readonly KeyNeed[] = [
  { job: 'seal', use: '' },
  { job: 'mac', use: DEVICE_USE, rotates: 'fixed' },
]
