import { randomUUID } from 'node:crypto'
import {
  accountMigrations,
  accountsDialect,
  handlers,
  jobs,
  keyNeeds,
  openTokens,
  proveAccount,
  proveAny,
  proveApp,
  proveRequest,
  recoveryDoor,
  sealedColumns,
  signUpTurns,
  sweeps,
  transactionReferences,
  usualPolicies,
} from '@strongroom/chain-accounts'
import { chainMigrations, evmWork, flowWork, gasKeysOf, relayerKeys, retentionWork } from '@strongroom/chains'
import { systemRandom } from '@strongroom/crypto'
import { limiter, mount } from '@strongroom/http'
import { mountWork } from '@strongroom/jobs'
import { notifyMigrations, pushFrom, route } from '@strongroom/notify'
import type { Parts, ServicePart } from '@strongroom/service'
import { timeLockMigrations } from '@strongroom/time-locks'
import { chainDeps, FLOW_PAYER_USE, flowRelays, servedChains } from './chains.ts'
import { commands } from './commands.ts'
import { doorsOf, warningsOf } from './doors.ts'
import { loginsFrom } from './logins.ts'
import { passkeysFrom } from './passkeys.ts'
import { settings } from './settings.ts'

const MINUTE = 60
const policies = usualPolicies

/** Accounts on a chain, by device keys and passkeys: Hyphen’s account API. */
export const accountsPart: ServicePart<typeof settings> = {
  settings,
  migrations: [notifyMigrations, timeLockMigrations, chainMigrations, accountMigrations],
  keys: [...keyNeeds, { job: 'sign', use: FLOW_PAYER_USE }],
  sealed: [...sealedColumns, relayerKeys],
  api: { dialect: accountsDialect, endpoints: handlers.map(({ endpoint }) => endpoint) },
  commands,
  doors: doorsOf,
  warnings: warningsOf,

  mount(parts) {
    const provers = [proveApp, proveAccount, proveRequest, proveAny]
    return [mount({ dialect: accountsDialect, handlers, provers, deps: depsFrom(parts) })]
  },

  work(parts) {
    const { settings: values, database, hsm } = parts
    const served = servedChains(values)
    const push = pushFrom(values)
    const deps = { ...chainDeps(parts), database, hsm, policies, sender: route({ ...(push && { push }) }) }
    return [
      mountWork({ jobs, sweeps, deps }),
      mountWork(evmWork(served.evm, { database, gasKeys: gasKeysOf(hsm) })),
      mountWork(flowWork(flowRelays(parts, served))),
      mountWork(retentionWork({ database, keptSeconds: policies.transactionsKept, references: transactionReferences })),
    ]
  },
}

const perMinute = (points: number) =>
  limiter({ each: { points, window: MINUTE }, all: { points: 1_000_000, window: MINUTE } })

function depsFrom(parts: Parts<typeof settings>) {
  const { settings: values, database, hsm, log } = parts
  const common = {
    ...chainDeps(parts),
    database,
    hsm,
    policies,
    newId: randomUUID,
    turns: signUpTurns(),
    random: systemRandom,
    logins: loginsFrom(values, log),
    passkeys: passkeysFrom(values),
    requests: perMinute(values.REQUESTS_PER_ACCOUNT),
    arrivals: perMinute(values.LOGINS_PER_ADDRESS),
  }
  const tokens = openTokens({ ...common, webCrypto: parts.webCrypto, issuer: values.PUBLIC_URL })
  const known = { ...common, ...tokens }
  return { ...known, recovery: recoveryDoor(known) }
}
