import { randomUUID } from 'node:crypto'
import { guessMigrations } from '@strongroom/guesses'
import { limiter, mount } from '@strongroom/http'
import { mountWork } from '@strongroom/jobs'
import {
  duo,
  handlers,
  hookDialect,
  hookHandlers,
  jobs,
  keyNeeds,
  keyShareMigrations,
  proveFaceScan,
  proveNode,
  sealedColumns,
  sweeps,
} from '@strongroom/key-shares'
import { oidcVerifier, proveAccessToken } from '@strongroom/proofs'
import type { ServicePart } from '@strongroom/service'
import { commands } from './commands.ts'
import { facesFrom } from './faces.ts'
import { nodesFrom, tlsFrom } from './hooks.ts'
import { policiesFrom } from './policies.ts'
import { settings } from './settings.ts'

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/
const isClear = (url: string): boolean => new URL(url).protocol !== 'https:'

const MINUTE = 60
const perMinute = (points: number) =>
  limiter({ each: { points, window: MINUTE }, all: { points: 1_000_000, window: MINUTE } })

/** Devices, faces and key shares of MPC wallets: the API of the Duo auth service. */
export const duoPart: ServicePart<typeof settings> = {
  settings,
  migrations: [guessMigrations, keyShareMigrations],
  keys: keyNeeds,
  sealed: sealedColumns,
  api: { dialect: duo, endpoints: handlers.map(({ endpoint }) => endpoint) },
  commands,

  doors: ({ OIDC_ISSUER: issuer, EVENTS_WEBHOOK_URL: webhook }) => [
    ...(isClear(issuer) ? ['OIDC_ISSUER is not https: the issuer of a development world.'] : []),
    ...(webhook !== undefined && isClear(webhook)
      ? ['EVENTS_WEBHOOK_URL is not https: anybody on the way reads it.']
      : []),
  ],
  warnings: (values) => [
    ...(values.FACETEC_URL === undefined ? ['FACETEC_URL is not set: nobody can register or recover by face'] : []),
    ...(values.HOOKS_SECRETS === undefined && values.HOOKS_TLS_CERT_FILE === undefined
      ? ['HOOKS_SECRETS is not set: every hook is rejected']
      : []),
    ...(values.HOOKS_TLS_CERT_FILE === undefined && !loopback.test(values.HOOKS_HOST)
      ? ['HOOKS_HOST is reached by others, without TLS: secrets of MPC nodes pass in clear']
      : []),
  ],

  mount(parts) {
    const { settings: values, database, hsm, log } = parts
    const deps = {
      database,
      hsm,
      policies: policiesFrom(values),
      newId: randomUUID,
      faces: facesFrom(values, log),
      requests: perMinute(values.REQUESTS_PER_USER),
      challenges: perMinute(values.CHALLENGES_PER_USER),
      scopes: values.OIDC_SCOPES,
      accessTokens: oidcVerifier({
        issuer: values.OIDC_ISSUER,
        audience: values.OIDC_AUDIENCE,
        algorithms: ['RS256', 'PS256', 'ES256'],
        // Both of Auth0's profiles, and issuers that name none; no logout token, no proof of possession.
        typ: ['at+jwt', 'JWT', undefined],
        onFetchFailed: (code) => log.warn('keys of the issuer could not be fetched', { code }),
      }),
    }
    return [mount({ dialect: duo, handlers, provers: [proveAccessToken, proveFaceScan], deps })]
  },

  beside: ({ settings: values, database, hsm }) => {
    const tls = tlsFrom(values)
    const deps = { database, hsm, policies: policiesFrom(values), newId: randomUUID, nodes: nodesFrom(values) }
    const hooks = mount({ dialect: hookDialect, handlers: hookHandlers, provers: [proveNode], deps })
    return [{ name: 'hooks', host: values.HOOKS_HOST, port: values.HOOKS_PORT, ...(tls && { tls }), mounts: [hooks] }]
  },

  work: ({ settings: values, database, hsm }) => {
    const { EVENTS_WEBHOOK_URL: url } = values
    return [
      mountWork({
        jobs,
        sweeps,
        deps: { database, hsm, webhook: url === undefined ? undefined : new URL(url), policies: policiesFrom(values) },
      }),
    ]
  },
}
