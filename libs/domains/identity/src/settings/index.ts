import type { KeyNeed } from '@strongroom/hsm'
import { get, list, put } from './api.ts'
import { enums } from './enums.ts'

export type { SettingDeps } from './api.ts'
export { type ClientDomainDeps, findClientDomain } from './client-domain.ts'
export { type SettingPolicies, usualSettingPolicies } from './policies.ts'

/** In the order of the contract. */
export const settingHandlers = [enums, list, put, get]

/** What the runtime role may do. */
export const settingTables = { settings: ['select', 'insert', 'update', 'delete'] } as const

export const settingKeyNeeds: readonly KeyNeed[] = [{ job: 'seal', use: '' }]
