import { randomUUID } from 'node:crypto'
import { codeMigrations } from '@strongroom/codes'
import { guessMigrations } from '@strongroom/guesses'
import { limiter, mount } from '@strongroom/http'
import { mountWork } from '@strongroom/jobs'
import { notifyMigrations, sendersFrom } from '@strongroom/notify'
import {
  handlers,
  jobs,
  keyNeeds,
  macColumns,
  pageHandlers,
  pages,
  photon,
  pinKeyMigrations,
  sealedColumns,
  sweeps,
} from '@strongroom/pin-keys'
import { proveApplicationKey, proveBasicPin } from '@strongroom/proofs'
import type { Service } from '@strongroom/service'
import { timeLockMigrations } from '@strongroom/time-locks'
import { capsFrom, policiesFrom } from './policies.ts'
import { settings } from './settings.ts'

const MINUTE = 60

export const keyServer: Service<typeof settings> = {
  name: 'key-server',
  summary:
    'Releases a wallet’s encryption key to whoever proves its PIN. Wire compatible with the Photon key server, v2.',
  settings,
  migrations: [guessMigrations, codeMigrations, timeLockMigrations, notifyMigrations, pinKeyMigrations],
  keys: keyNeeds,
  sealed: sealedColumns,
  indexes: macColumns,
  recovery: 'second-token',
  api: { dialect: photon, endpoints: handlers.map(({ endpoint }) => endpoint) },

  mount({ settings: values, database, hsm, recovery }) {
    const policies = policiesFrom(values)
    const creations = limiter({
      each: { points: values.CREATIONS_PER_ADDRESS, window: MINUTE },
      all: { points: values.CREATIONS_IN_ALL, window: MINUTE },
    })
    const deps = {
      database,
      hsm,
      policies,
      creations,
      recovery: recovery(),
      caps: capsFrom(values),
      applicationKey: values.APPLICATION_KEY,
      newKeyId: randomUUID,
      newUserId: randomUUID,
    }
    return [
      mount({ dialect: photon, handlers, provers: [proveBasicPin, proveApplicationKey], deps }),
      mount({ dialect: pages, handlers: pageHandlers, deps: { database, policies } }),
    ]
  },

  work({ settings: values, database, hsm, recovery }) {
    const deps = {
      database,
      hsm,
      policies: policiesFrom(values),
      recovery: recovery(),
      sender: sendersFrom(values),
      publicUrl: values.PUBLIC_URL,
    }
    return [mountWork({ jobs, sweeps, deps })]
  },
}
