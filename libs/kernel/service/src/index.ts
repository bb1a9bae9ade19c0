export { describeService } from './describe.ts'
export { StartRefused } from './doors.ts'
export { kernelSettings, provisionSettings, recoverySettings } from './kernel-settings.ts'
export { allMigrations } from './migrations.ts'
export { runService } from './run-service.ts'
export type { ApiParts, Parts, Service, WorkParts } from './service.ts'
export {
  optionalSecret,
  secretSetting,
  setting,
  type Settings,
  settingsTable,
  type ValuesOf,
  whole,
} from './settings.ts'
