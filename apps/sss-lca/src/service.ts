import { randomUUID } from 'node:crypto'
import { codeMigrations } from '@strongroom/codes'
import { systemRandom } from '@strongroom/crypto'
import { guessMigrations } from '@strongroom/guesses'
import { limiter, mount } from '@strongroom/http'
import { mountWork } from '@strongroom/jobs'
import { notifyMigrations, pushAddressCheck, pushDoors, pushFrom, sendersFrom } from '@strongroom/notify'
import {
  challengesFor,
  presentationVerifier,
  proofMigrations,
  proveChallengedPresentation,
  proveDidPresentation,
  proveLoginToken,
} from '@strongroom/proofs'
import * as qrLogin from '@strongroom/qr-login'
import * as shares from '@strongroom/secret-shares'
import { type Parts, type Service, textOf, type ValuesOf } from '@strongroom/service'
import { timeLockMigrations } from '@strongroom/time-locks'
import { firebaseAccounts } from './firebase-accounts.ts'
import { loginDoors, loginsFrom } from './logins.ts'
import { brandsFrom, policiesFrom, relayPoliciesFrom } from './policies.ts'
import { settings } from './settings.ts'

type Values = ValuesOf<typeof settings>

const MINUTE = 60
const HOUR = 60 * MINUTE
const provers = [proveLoginToken, proveDidPresentation, proveChallengedPresentation]
const endpointsOf = (approveAuth: qrLogin.ApproveAuth) =>
  [...shares.handlers, ...shares.challengeHandlers, ...qrLogin.handlersFor(approveAuth)].map(({ endpoint }) => endpoint)

export const sssLca: Service<typeof settings> = {
  name: 'sss-lca',
  summary:
    'Keeps one Shamir share of each wallet and its ways of recovery, and relays QR logins between devices. Wire compatible with LearnCard’s LCA API.',
  settings,
  migrations: [
    guessMigrations,
    codeMigrations,
    timeLockMigrations,
    notifyMigrations,
    proofMigrations,
    shares.secretShareMigrations,
    qrLogin.qrLoginMigrations,
  ],
  keys: [...shares.keyNeeds, ...qrLogin.keyNeeds.filter(({ job }) => job !== 'seal')],
  sealed: [...shares.sealedColumns, ...qrLogin.sealedColumns],
  api: { dialect: shares.lca, endpoints: endpointsOf('token') },

  doors: (values) => [
    ...pushDoors(values),
    ...(values.FIREBASE_AUTH_EMULATOR_HOST === undefined
      ? []
      : ['FIREBASE_AUTH_EMULATOR_HOST has a stub speak for Firebase: unset it.']),
    ...loginDoors(values),
  ],
  warnings: (values) => [
    ...(values.APPROVE_AUTH === 'open'
      ? ['APPROVE_AUTH=open: whoever sees a session may approve it, with a share of theirs']
      : []),
    ...(Object.keys(loginsFrom(values, () => undefined)).length === 0
      ? ['no login provider is configured: every token is answered 501']
      : []),
    ...(values.SMTP_URL === undefined ? ['SMTP_URL is not set: no code, backup or notice is mailed'] : []),
  ],

  mount(parts) {
    const { settings: values, database, hsm } = parts
    const proving = provingWith(parts)
    const { handlers, challengeHandlers, lca: dialect } = shares
    return [
      mount({ dialect, handlers, provers, deps: { ...proving, ...shareDeps(parts) } }),
      // Whoever asks for a challenge has none yet.
      mount({
        dialect,
        handlers: challengeHandlers,
        provers,
        deps: { ...proving, didAuth: 'vp' as const, database, hsm, policies: policiesFrom(values) },
      }),
      mount({
        dialect,
        handlers: qrLogin.handlersFor(values.APPROVE_AUTH),
        provers,
        deps: { ...proving, ...qrDeps(parts) },
      }),
    ]
  },

  work({ settings: values, database, hsm }) {
    const deps = {
      database,
      hsm,
      policies: policiesFrom(values),
      sender: sendersFrom(values),
      loginProviders: loginProvidersFrom(values),
    }
    return [
      mountWork({ jobs: shares.jobs, sweeps: shares.sweeps, deps }),
      mountWork({ sweeps: qrLogin.sweeps, deps: { database } }),
    ]
  },
}

const provingWith = ({ settings: values, database, hsm, log }: Parts<typeof settings>) => ({
  logins: loginsFrom(values, (code) => log.warn('keys of a login provider could not be fetched', { code })),
  presentations: presentationVerifier({
    webHosts: values.DID_WEB_HOSTS,
    ...(values.DID_AUDIENCE !== undefined && { audience: values.DID_AUDIENCE }),
  }),
  challenges: challengesFor({ database, hsm }, shares.DID_CHALLENGE),
  didAuth: values.DID_AUTH,
})

function shareDeps({ settings: values, database, hsm }: Parts<typeof settings>) {
  return {
    database,
    hsm,
    policies: policiesFrom(values),
    sender: sendersFrom(values),
    brands: brandsFrom(values),
    loginProviders: loginProvidersFrom(values),
    newAccountId: randomUUID,
    whenRemoved: qrLogin.forgetDevices,
    queryLookup: values.QUERY_LOOKUP,
    backupAddresses: values.EMAIL_BACKUP_ANY_ADDRESS === 'true' ? ('any' as const) : ('own' as const),
    lookups: {
      byAddress: limiter({ each: { points: 20, window: MINUTE }, all: { points: 1_000, window: MINUTE } }),
      byContact: limiter({ each: { points: 10, window: HOUR }, all: { points: 100_000, window: HOUR } }),
    },
    codeRequests: limiter({ each: { points: 20, window: 10 * MINUTE }, all: { points: 10_000, window: 10 * MINUTE } }),
  }
}

function qrDeps({ settings: values, database, hsm, atEnd }: Parts<typeof settings>) {
  const push = pushFrom(values)
  return {
    database,
    hsm,
    policies: relayPoliciesFrom(values),
    sessions: sessionsIn(values, { database, atEnd }),
    sender: sendersFrom(values, push ? { push } : {}),
    isPushable: pushAddressCheck(values),
    findAccount: (login: Parameters<typeof shares.findDid>[1]) => shares.findDid({ database, hsm }, login),
    holdAccount: shares.holdDid,
    random: systemRandom,
  }
}

function sessionsIn(
  { REDIS_URL: url }: Values,
  { database, atEnd }: Pick<Parts<typeof settings>, 'database' | 'atEnd'>,
): qrLogin.SessionStore {
  if (!url) return qrLogin.postgresStore(database)
  const store = qrLogin.redisStore({ url })
  atEnd(() => store.close())
  return store
}

/** Firebase can be asked where we may act for its project, or where a stub speaks for it. */
function loginProvidersFrom(values: Values): shares.LoginProviders {
  const {
    FIREBASE_PROJECT_ID: projectId,
    FIREBASE_SERVICE_ACCOUNT: account,
    FIREBASE_AUTH_EMULATOR_HOST: emulator,
  } = values
  if (projectId === undefined || (account === undefined && emulator === undefined)) return {}
  return { firebase: firebaseAccounts({ projectId, ...(account && { serviceAccount: textOf(account) }) }) }
}
