import type { KeyNeed } from '@strongroom/hsm'
import { readMigrations } from '@strongroom/storage'
import { challenge } from './devices/challenge.ts'
import { list as listDevices } from './devices/list.ts'
import { revoke } from './devices/revoke.ts'
import { sealedNames } from './devices/sealed-names.ts'
import { register as registerDevice } from './enrolment/register-device.ts'
import { enrol } from './enrolment/register-face.ts'
import { get as getFace, sessionToken } from './faces/get-face.ts'
import { keygen, keyId, sign } from './hooks/hooks.ts'
import { list as listTransactions } from './hooks/transactions.ts'
import { backUp } from './shares/back-up.ts'
import { list as listKeys } from './shares/list-keys.ts'
import { recover } from './shares/recover.ts'
import { sealedBackups } from './shares/sealed-backups.ts'
import { eventKeys } from './users/event-key.ts'
import { CHALLENGE_USE, EVENT_USE, FACE_USE, STAMP_USE, USER_USE } from './users/names.ts'
import { register as registerUser } from './users/register.ts'
import { eventSender } from './users/send-event.ts'

export { type Coded, codes } from './code-table.ts'
export * from './contract.ts'
export { duo } from './dialect.ts'
export { type FaceMatcher, type FaceOutcome, type FaceScan, FaceServiceUnavailable } from './faces/face-matcher.ts'
export { faceTec, type FaceTecOptions } from './faces/face-tec.ts'
export type { FaceDeps } from './faces/guess-face.ts'
export { proveFaceScan } from './faces/prove-face-scan.ts'
export { hookDialect } from './hooks/dialect.ts'
export type { HookDeps } from './hooks/hooks.ts'
export { type NodeDeps, proveNode } from './hooks/prove-node.ts'
export * as operators from './operators.ts'
export { type Policies, usualPolicies } from './policies.ts'
export { type SweepDeps, sweeps } from './sweeps.ts'
export type { UserDeps } from './users/caller.ts'
export { keyIdOf } from './users/event-key.ts'
export { EVENT_USE } from './users/names.ts'
export type { EventDeps } from './users/send-event.ts'

/** In the order of the contract. */
export const handlers = [
  registerUser,
  challenge,
  registerDevice,
  enrol,
  sessionToken,
  getFace,
  listKeys,
  listDevices,
  revoke,
  backUp,
  recover,
  listTransactions,
  eventKeys,
]

/** What MPC nodes ask, on a listener of their own. */
export const hookHandlers = [keygen, keyId, sign]

/** What the worker does. */
export const jobs = [eventSender]

const rows = ['select', 'insert', 'update', 'delete'] as const

export const keyShareMigrations = readMigrations('key_shares', new URL('../migrations/', import.meta.url), {
  users: rows,
  devices: rows,
  challenges: rows,
  faces: rows,
  face_scans: ['select', 'insert', 'delete'],
  keys: rows,
  backups: rows,
  keygens: rows,
  transactions: rows,
  events: rows,
})

export const sealedColumns = [sealedNames, sealedBackups]

/** What this domain asks of a token. */
export const keyNeeds: readonly KeyNeed[] = [
  { job: 'seal', use: '' },
  { job: 'mac', use: USER_USE, rotates: 'fixed' },
  { job: 'mac', use: CHALLENGE_USE, rotates: 'passing' },
  { job: 'mac', use: FACE_USE, rotates: 'fixed' },
  { job: 'mac', use: STAMP_USE, rotates: 'fixed' },
  { job: 'sign', use: EVENT_USE },
]
