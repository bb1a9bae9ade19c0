import { auditMigrations } from '@strongroom/audit'
import { type MigrationSet, storageMigrations } from '@strongroom/storage'
import { keystoreMigrations } from './key-registry.ts'

/** Every app's database begins with these. */
export const allMigrations = (ofApp: readonly MigrationSet[]): readonly MigrationSet[] => [
  storageMigrations,
  auditMigrations,
  keystoreMigrations,
  ...ofApp,
]
