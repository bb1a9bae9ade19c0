import { handlers, jobs, keyNeeds, photon, pinKeyMigrations, sweeps, usualPolicies } from '@strongroom/pin-keys'

// The parts that an app mounts: see apps/key-server/src/service.ts.
export const parts = { handlers, jobs, sweeps, keyNeeds, photon, pinKeyMigrations, usualPolicies }
export const paths = handlers.map(({ endpoint }) => `${endpoint.method} ${endpoint.path}`)
