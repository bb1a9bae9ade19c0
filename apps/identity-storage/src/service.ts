import { codeMigrations } from '@strongroom/codes'
import { systemRandom } from '@strongroom/crypto'
import { guessMigrations } from '@strongroom/guesses'
import { jsonApiDialect, type Limit, limiter, mount } from '@strongroom/http'
import * as identity from '@strongroom/identity'
import { mountWork } from '@strongroom/jobs'
import { notifyMigrations, sendersFrom } from '@strongroom/notify'
import {
  proofMigrations,
  proveRequestSignature,
  type SeenSignatures,
  seenSignaturesIn,
  type SignatureRules,
} from '@strongroom/proofs'
import type { Parts, Service, ValuesOf } from '@strongroom/service'
import { commands } from './commands.ts'
import { ledgersFrom } from './ledger.ts'
import { objectsFrom } from './objects.ts'
import { policiesFrom } from './policies.ts'
import { settings } from './settings.ts'

type Values = ValuesOf<typeof settings>

const MINUTE = 60
const HOUR = 60 * MINUTE

/** How many callers it takes to use up what an address has: with one alone, its owner could be kept from signing in. */
const CALLERS_OF_ONE = 20

const each = (limit: Limit) => limiter({ each: limit, all: { points: 1_000_000, window: MINUTE } })

export const identityStorage: Service<typeof settings> = {
  name: 'identity-storage',
  summary:
    'Keeps encrypted wallets that are found by a hash of address and password, guarded by factors. Wire compatible with TokenD’s Identity Storage, v4.',
  settings,
  migrations: [guessMigrations, codeMigrations, notifyMigrations, proofMigrations, identity.identityMigrations],
  keys: identity.keyNeeds,
  sealed: identity.sealedColumns,
  commands,
  api: {
    dialect: jsonApiDialect,
    endpoints: [...identity.handlers, ...identity.ledgerHandlers].map(({ endpoint }) => endpoint),
  },

  doors: (values) => [
    ...(new URL(values.CLIENT_ROUTER_URL).protocol === 'https:'
      ? []
      : ['CLIENT_ROUTER_URL is not https: links in mails open wallets, and anybody on the way reads them.']),
    ...identity.objectDoors(values),
    ...identity.ledgerDoors(values),
  ],
  warnings: (values) => [
    ...(values.LEDGER_URL === undefined && values.LEDGER_ADMIN_KEYS.length === 0
      ? ['LEDGER_ADMIN_KEYS is not set: nobody administers']
      : []),
    ...(values.OBJECTS_URL === undefined ? ['OBJECTS_URL is not set: documents answer 503'] : []),
    ...(values.SMTP_URL === undefined ? ['SMTP_URL is not set: no link, code or notice is mailed'] : []),
    ...(values.EMAIL_VERIFICATION === 'off'
      ? ['EMAIL_VERIFICATION=off: wallets open under addresses that nobody verified']
      : []),
  ],

  mount(parts) {
    const deps = { ...depsFrom(parts), signatures: signaturesFrom(parts), objects: objectsFrom(parts.settings) }
    const provers = [proveRequestSignature, ...identity.provers]
    const { embedded } = ledgersFrom(parts)
    if (!embedded) return [mount({ dialect: jsonApiDialect, handlers: identity.handlers, provers, deps })]
    const handlers = [...identity.handlers, ...identity.ledgerHandlers]
    return [mount({ dialect: jsonApiDialect, handlers, provers, deps: { ...deps, ledger: embedded } })]
  },

  work(parts) {
    const deps = { ...depsFrom(parts), sender: sendersFrom(parts.settings) }
    return [mountWork({ jobs: identity.jobs, sweeps: identity.sweeps, deps })]
  },
}

function depsFrom({ settings: values, database, hsm }: Parts<typeof settings>): identity.IdentityDeps {
  return {
    database,
    hsm,
    policies: policiesFrom(values),
    random: systemRandom,
    clock: () => new Date(),
    clientRouter: new URL(values.CLIENT_ROUTER_URL),
    ledger: ledgersFrom({ settings: values, database, hsm }).ledger,
    limits: {
      creations: each({ points: values.CREATIONS_PER_ADDRESS, window: HOUR }),
      lookups: each({ points: values.LOOKUPS_PER_ADDRESS, window: MINUTE }),
      attempts: each({ points: values.ATTEMPTS_PER_ADDRESS, window: MINUTE }),
    },
    lookupsOfOne: each({ points: CALLERS_OF_ONE * values.LOOKUPS_PER_ADDRESS, window: MINUTE }),
  }
}

function signaturesFrom({ settings: values, database, hsm }: Parts<typeof settings>): SignatureRules {
  const gateway = gatewayOf(values)
  const stored = seenSignaturesIn(database)
  const seen: SeenSignatures = {
    take: async (digest, until) => stored.take(await identity.nameSignature(hsm, digest), until),
  }
  if (values.SIGNATURES === 'strict') return { ...gateway, profile: 'strict', seen }
  return { ...gateway, profile: 'compat', ...(values.LEGACY_SIGNATURES === 'accepted' && { legacy: 'accepted' }) }
}

/** The target as callers sent it, where a gateway takes a prefix off. */
const gatewayOf = ({ GATEWAY_PREFIX: prefix }: Values): Pick<SignatureRules, 'trustedTarget'> =>
  prefix === undefined ? {} : { trustedTarget: ({ target }) => `${prefix}${target}` }
