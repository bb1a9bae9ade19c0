import { randomUUID } from 'node:crypto'
import { guessMigrations } from '@strongroom/guesses'
import { limiter, mount } from '@strongroom/http'
import { handlers, keyNeeds, photon, pinBudget, pinKeyMigrations } from '@strongroom/pin-keys'
import { proveApplicationKey, proveBasicPin } from '@strongroom/proofs'
import type { Service } from '@strongroom/service'
import { settings } from './settings.ts'

const MINUTE = 60

export const keyServer: Service<typeof settings> = {
  name: 'key-server',
  summary:
    'Releases a wallet’s encryption key to whoever proves its PIN. Wire compatible with the Photon key server, v2.',
  settings,
  migrations: [guessMigrations, pinKeyMigrations],
  keys: keyNeeds,
  api: { dialect: photon, endpoints: handlers.map(({ endpoint }) => endpoint) },
  mount: ({ settings: { APPLICATION_KEY, CREATIONS_PER_ADDRESS, CREATIONS_IN_ALL }, database, hsm }) =>
    mount({
      dialect: photon,
      handlers,
      provers: [proveBasicPin, proveApplicationKey],
      deps: {
        database,
        hsm,
        pinBudget,
        applicationKey: APPLICATION_KEY,
        newKeyId: randomUUID,
        creations: limiter({
          each: { points: CREATIONS_PER_ADDRESS, window: MINUTE },
          all: { points: CREATIONS_IN_ALL, window: MINUTE },
        }),
      },
    }),
}
