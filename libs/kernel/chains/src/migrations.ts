import { readMigrations } from '@strongroom/storage'
import { flowPrivileges } from './flow/store.ts'

export const chainMigrations = readMigrations('chains', new URL('../migrations/', import.meta.url), {
  relayers: ['select', 'insert', 'update'],
  transactions: ['select', 'insert', 'update', 'delete'],
  sendings: ['select', 'insert', 'update', 'delete'],
  spending: ['select', 'insert', 'update', 'delete'],
  ...flowPrivileges,
})
