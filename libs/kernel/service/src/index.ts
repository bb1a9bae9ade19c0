export { describeService } from './describe.ts'
export { StartRefused } from './doors.ts'
export { type EpochPlaces, raiseEpoch, type Raised } from './epoch.ts'
export { joinServices, type ServicePart } from './join-services.ts'
export { kernelSettings, provisionSettings, recoverySettings } from './kernel-settings.ts'
export { type Log, openLog } from './log.ts'
export { allMigrations } from './migrations.ts'
export {
  type Activated,
  type Destroyed,
  type KeyDesk,
  KeyRefused,
  type KeyRefusalReason,
  type KeyState,
  type KeyStatus,
  type KeyVersion,
  type Published,
  type References,
  type Replica,
  type RewrapColumn,
  type RewrapProgress,
  type VersionedKey,
} from './rotation/key-desk.ts'
export type { UseDesk, UseStatus, UseVersion, NeededBy } from './rotation/use-desk.ts'
export { describeUse, type UseName } from './rotation/use-versions.ts'
export { openMacDesk, openSigningDesk } from './rotation/open-use-desk.ts'
export { openKeyDesk } from './rotation/open-key-desk.ts'
export { runService } from './run-service.ts'
export {
  type ApiParts,
  type Beside,
  type Command,
  CommandRefused,
  type Parts,
  type Service,
  type WorkParts,
} from './service.ts'
export {
  optionalSecret,
  secretSetting,
  setting,
  type Settings,
  settingsTable,
  textOf,
  type ValuesOf,
  whole,
} from './settings.ts'
