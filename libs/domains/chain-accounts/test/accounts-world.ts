import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { auditMigrations } from '@strongroom/audit'
import {
  chainMigrations,
  chainsFrom,
  ensureRelayer,
  evmWork,
  flowWork,
  gasKeysOf,
  openFlowRelay,
} from '@strongroom/chains'
import { deployForDevelopment } from '@strongroom/chains/testing'
import { p256 } from '@noble/curves/nist.js'
import { systemRandom } from '@strongroom/crypto'
import { startEvmNode } from '@strongroom/evm-node'
import { startFlowStub } from '@strongroom/flow-stub'
import { openKeystore, provisionKeys } from '@strongroom/hsm'
import { openWebCrypto } from '@strongroom/hsm/webcrypto'
import { softToken } from '@strongroom/hsm/testing'
import { type Limiter, listener, mount, Refusal } from '@strongroom/http'
import { migrateJobs, mountWork, startWorker } from '@strongroom/jobs'
import type { Message } from '@strongroom/notify'
import { fingerprint, migrate, openDatabase, shiftClock, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { timeLockMigrations } from '@strongroom/time-locks'
import {
  accountMigrations,
  accountsDialect,
  type FlowPayer,
  baseHandlers,
  recoveryHandlers,
  signHandlers,
  twoFactorHandlers,
  jobs,
  keyNeeds,
  loginsOf,
  namedChains,
  proveApp,
  recoveryDoor,
  signUpTurns,
  sweeps,
  testLogin,
  TOKEN_USE,
  usualPolicies,
} from '../src/index.ts'
import { passkeyRules } from './passkey.ts'
import { openTokens, proveAccount, proveAny, proveRequest } from '../src/tokens/index.ts'

export interface Answered {
  readonly status: number
  readonly body: never
  /** `PleaseSignUp`, where it is a refusal. */
  readonly error: string | undefined
}

const sets = [storageMigrations, auditMigrations, timeLockMigrations, chainMigrations, accountMigrations]

const unlimited: Limiter = { take: () => Promise.resolve(undefined) }

/** The whole domain behind HTTP, on PostgreSQL, SoftHSM and anvil. */
export async function accountsWorld({ requests = unlimited }: { readonly requests?: Limiter } = {}) {
  const place = { ...(await softToken()), deployment: 'test', app: 'mpc-auth' }
  const keys = await provisionKeys({ ...place, needs: keyNeeds, existing: [] })
  const [hsm, node, flow, postgres] = await Promise.all([
    openKeystore({ ...place, keys }),
    startEvmNode(),
    startFlowStub(),
    testDatabase({
      template: `chain_accounts_${fingerprint(sets)}`,
      prepare: async (url, role) => {
        await migrate(url, sets, role)
        await migrateJobs(url, role)
      },
    }),
  ])
  const contracts = await deployForDevelopment(node)
  const local = { rpcUrl: node.url, chainId: node.chainId, ...contracts, confirmations: 1, pollSeconds: 0.1 }
  const payerSecret = p256.utils.randomSecretKey()
  const payerKey = p256.getPublicKey(payerSecret, false).subarray(1)
  const payer = flow.addAccount([
    { publicKey: payerKey, weight: 1000 },
    { publicKey: payerKey, weight: 1000 },
  ])
  const flowTestnet = {
    accessUrl: flow.url,
    payer: { address: payer, keyIndexes: [0, 1] as [number, number] },
    transactionsPerDay: 100,
    pollSeconds: 0.1,
  }
  const chains = { local: { ...evmDefaults, ...local }, 'flow-testnet': flowTestnet }
  const served = chainsFrom(chains as unknown as Parameters<typeof chainsFrom>[0])
  const database = openDatabase({
    connectionString: postgres.url,
    connections: 8,
    isRefusal: (answer) => answer instanceof Refusal,
  })
  const owner = openDatabase({ connectionString: postgres.adminUrl, connections: 2 })
  const gasKeys = gasKeysOf(hsm)
  const flowRelays = served.flow.map((chain) =>
    openFlowRelay({
      chain,
      database,
      publicKey: () => Promise.resolve(payerKey),
      sign: (message) => Promise.resolve(p256.sign(message, payerSecret, { extraEntropy: true })),
    }),
  )
  const relayer = await ensureRelayer(database, gasKeys, 'local')
  await node.fund(relayer.address, 10n ** 21n)

  const pushed: Message[] = []
  const sender = { send: (message: Message) => Promise.resolve(void pushed.push(message)) }
  // Tests let days pass in which people would sign in again.
  const policies = { ...usualPolicies, accessLifetime: 365 * 86_400 }
  const view = await openWebCrypto({ ...place, keys: keys.filter(({ job }) => job === 'sign') })
  const point = await hsm.publicKey(TOKEN_USE)
  const seen = { subtle: view.subtle, signingKey: (use: string) => view.signingKey(use), publicKeys: () => [point] }
  const opened = openTokens({
    database,
    policies,
    issuer: 'https://accounts.example.com',
    random: systemRandom,
    newId: () => randomUUID(),
    webCrypto: () => Promise.resolve(seen),
  })
  const base = {
    database,
    hsm,
    policies,
    ...opened,
    sender,
    turns: signUpTurns(),
    newId: () => randomUUID(),
    random: systemRandom,
    chains: namedChains(served),
    defaultChain: 'local' as const,
    requests,
    arrivals: unlimited,
    passkeys: passkeyRules,
    logins: loginsOf(() => ({ test: testLogin })),
    flowPayerOf: (name: string): FlowPayer | undefined => {
      const index = served.flow.findIndex((chain) => chain.name === name)
      const [chain, relay] = [served.flow[index], flowRelays[index]]
      return chain && relay && { ...chain.payer, sign: (envelope, charge) => relay.signAsPayer(envelope, charge) }
    },
  }
  const deps = { ...base, recovery: recoveryDoor(base) }
  const provers = [proveApp, proveAccount, proveRequest, proveAny]
  const handlers = [...baseHandlers, ...twoFactorHandlers, ...signHandlers, ...recoveryHandlers]
  const server = listener({ mounts: [mount({ dialect: accountsDialect, handlers, provers, deps })] }).listen(
    0,
    '127.0.0.1',
  )
  await new Promise((done) => server.once('listening', done))
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`

  const worker = startWorker({
    connectionString: postgres.url,
    work: [
      mountWork({ jobs, deps }),
      mountWork(evmWork(served.evm, { database, gasKeys })),
      mountWork(flowWork(flowRelays)),
    ],
    concurrency: 4,
  })
  const ask = async (
    method: string,
    path: string,
    wish: { token?: string; body?: unknown } = {},
  ): Promise<Answered> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(wish.body !== undefined && { 'content-type': 'application/json' }),
        ...(wish.token !== undefined && { authorization: `Bearer ${wish.token}` }),
      },
      ...(wish.body !== undefined && { body: JSON.stringify(wish.body) }),
    })
    const text = await answer.text()
    const body = (text === '' ? undefined : JSON.parse(text)) as { error?: { name: string } } | undefined
    return { status: answer.status, body: body as never, error: body?.error?.name }
  }

  return {
    flow,
    flowChain: served.flow[0] as NonNullable<(typeof served.flow)[0]>,
    url,
    database,
    adminUrl: postgres.adminUrl,
    owner,
    node,
    hsm,
    policies,
    pushed,
    ask,
    chain: served.evm[0] as NonNullable<(typeof served.evm)[0]>,
    /** Every sweep once, as a leader would. */
    async sweep() {
      for (const one of sweeps) await one.run(deps, new AbortController().signal)
    },
    pass: (interval: string) => shiftClock(owner, interval),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await worker.stop()
      await view.close()
      await Promise.all([hsm.close(), database.close(), owner.close(), node.close(), flow.close()])
      await postgres.drop()
    },
  }
}
export type AccountsWorld = Awaited<ReturnType<typeof accountsWorld>>

const evmDefaults = {
  gasBudgetWei: 10n ** 18n,
  maxGasPriceWei: 10n ** 12n,
  inFlight: 64,
  explorerUrl: 'https://explorer.example/tx/',
}
