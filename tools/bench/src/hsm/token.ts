import { type KeyRecord, type ModuleSource, provisionKeys } from '@strongroom/hsm'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'

export const tenant = { deployment: 'strongroom', app: 'key-server' } as const
export const MAC_USE = 'bench'

export const needs = [
  { job: 'seal', use: '' },
  { job: 'mac', use: 'lock' },
  { job: 'mac', use: MAC_USE },
] as const

export interface ProvisionedToken {
  readonly token: SoftToken
  readonly source: ModuleSource
  readonly keys: readonly KeyRecord[]
}

/** A fresh token of that module with the keys of a key server, made by the same code. */
export async function provisionToken(module?: string): Promise<ProvisionedToken> {
  const token = await softToken(module === undefined ? {} : { module })
  return { token, source: token.module, keys: await provisionKeys({ ...token, ...tenant, needs, existing: [] }) }
}
