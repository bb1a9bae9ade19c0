import { p256 } from '@noble/curves/nist.js'
import { type FlowStub, startFlowStub } from '@strongroom/flow-stub'
import { migrateJobs } from '@strongroom/jobs'
import { type Database, fingerprint, migrate, openDatabase, sql, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { z } from 'zod'
import type { AccountPlan, SignatureOf, Signer } from '../../src/chain.ts'
import { advance, type FlowDeps } from '../../src/flow/advance.ts'
import { type BareAddress, bareAddress } from '../../src/flow/address.ts'
import { type FlowChain, flowChain } from '../../src/flow/flow-chain.ts'
import { envelopeMessage, type FlowPayload, type FlowSignature, payloadMessage } from '../../src/flow/message.ts'
import { type FlowRelay, openFlowRelay } from '../../src/flow/relay.ts'
import { chainMigrations } from '../../src/migrations.ts'

/** A key of P-256, as a device or the token has it. */
export interface TestKey {
  readonly secret: Uint8Array
  readonly publicKey: Uint8Array
  signer(weight?: number): Signer
  /** Over the SHA-256 of the message. */
  sign(message: Uint8Array): SignatureOf
  /** As a token does: another signature each time. */
  readonly signAnew: (message: Uint8Array) => Promise<Uint8Array>
}

export function testKey(): TestKey {
  const secret = p256.utils.randomSecretKey()
  const publicKey = p256.getPublicKey(secret, false).slice(1)
  const scheme = 'p256-sha256'
  return {
    secret,
    publicKey,
    signer: (weight = 500) => ({ publicKey, scheme, weight }),
    sign: (message) => ({ publicKey, scheme, signature: p256.sign(message, secret, { prehash: true, lowS: false }) }),
    signAnew: async (message) => p256.sign(message, secret, { prehash: true, lowS: false, extraEntropy: true }),
  }
}

export interface FlowWorld extends AsyncDisposable {
  readonly stub: FlowStub
  readonly url: string
  readonly database: Database
  readonly owner: Database
  readonly chain: FlowChain
  readonly relay: FlowRelay
  readonly payer: TestKey
  /** A relay on the same chain with other parts: what fails, what is slow, what is poor. */
  relayWith(parts: Partial<Parts>): FlowRelay
  /** Steps until there is nothing to do, whatever is due when. */
  work(relay?: FlowRelay): Promise<void>
  deploy(plan: AccountPlan, appId?: string): Promise<string>
  stateOf(id: string): Promise<{ state: string; tries: number; address: string | null; hash: string | null }>
  freeKeys(): Promise<number>
}

interface Parts {
  readonly database: Database
  readonly fetch: typeof fetch
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
  readonly transactionsPerDay: number
  readonly pollSeconds: number
  readonly name: 'flow-mainnet' | 'flow-testnet'
}

export interface FlowWish {
  /** How often the payer’s key stands on its account. */
  readonly proposalKeys?: number
  /** x and y, of a token; a key of the test’s own else. */
  readonly payerKey?: Uint8Array
}

const sets = [storageMigrations, chainMigrations]
const state = z.object({
  state: z.string(),
  tries: z.int(),
  address: z.string().nullable(),
  hash: z.string().nullable(),
})

export async function flowWorld({ proposalKeys = 2, payerKey }: FlowWish = {}): Promise<FlowWorld> {
  const stub = await startFlowStub()
  const payer = testKey()
  const publicKey = payerKey ?? payer.publicKey
  const keys = Array.from({ length: proposalKeys }, () => ({ publicKey, weight: 1000 }))
  const address = stub.addAccount(keys)
  const postgres = await testDatabase({
    template: `flow_${fingerprint(sets)}`,
    async prepare(url, role) {
      await migrate(url, sets, role)
      await migrateJobs(url, role)
    },
  })
  const database = openDatabase({ connectionString: postgres.url, connections: 5 })
  const owner = openDatabase({ connectionString: postgres.adminUrl, connections: 1 })
  const setting = (transactionsPerDay = 1000, pollSeconds = 2) => ({
    accessUrl: stub.url,
    explorerUrl: 'https://testnet.example.com/tx/',
    payer: {
      address,
      keyIndexes: [0, ...keys.slice(1).map((_key, index) => index + 1)] as [number, ...number[]],
    },
    transactionsPerDay,
    pollSeconds,
  })
  function relayWith(parts: Partial<Parts>): FlowRelay {
    const { name = 'flow-testnet', fetch: ask, sign = payer.signAnew } = parts
    const chain = flowChain(name, setting(parts.transactionsPerDay, parts.pollSeconds), ask)
    return openFlowRelay({ chain, database: parts.database ?? database, publicKey: async () => publicKey, sign })
  }
  const chain = flowChain('flow-testnet', setting())
  const relay = openFlowRelay({ chain, database, publicKey: async () => publicKey, sign: payer.signAnew })
  const stateOf = (id: string) =>
    database.one(state, sql`select state, tries, address, hash from chains.flow_transactions where id = ${id}`)

  return {
    stub,
    url: postgres.url,
    database,
    owner,
    chain,
    relay,
    payer,
    relayWith,
    stateOf,
    work: ({ deps } = relay) => workOff(deps),
    deploy: (plan, appId = 'app') => database.transaction((tx) => chain.queueDeployment(tx, plan, { appId })),
    async freeKeys() {
      const { free } = await database.one(
        z.object({ free: z.int() }),
        sql`select count(*) as free from chains.flow_proposal_keys where held_by is null`,
      )
      return free
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([database.close(), owner.close(), stub.close()])
      await postgres.drop()
    },
  }
}

const ids = z.object({ id: z.uuid() })

async function workOff(deps: FlowDeps): Promise<void> {
  for (let round = 0; round < 8; round++) {
    const open = await deps.database.many(ids, sql`select id from chains.flow_transactions where state = 'queued'`)
    if (open.length === 0) return
    for (const { id } of open) await advance(deps, id)
  }
}

export const planOf = (accountId: string, ...keys: readonly TestKey[]): AccountPlan => ({
  accountId,
  signers: keys.map((key) => key.signer()),
  threshold: 1000,
})

/** An address that must be one. */
export function bare(text: string | null | undefined): BareAddress {
  const address = bareAddress(text ?? '')
  if (!address) throw new Error('no address')
  return address
}

/** What a client builds of a script: proposed by a key of the account, paid by the payer. */
export async function payloadFor(
  { chain, stub }: FlowWorld,
  { account, script, keyIndex = 0 }: { account: BareAddress; script: string; keyIndex?: number },
): Promise<FlowPayload> {
  const { id: referenceBlock } = await chain.access.api.sealedBlock()
  return {
    script,
    arguments: [],
    referenceBlock,
    gasLimit: 999,
    proposer: {
      address: account,
      keyIndex,
      sequenceNumber: stub.account(account)?.keys[keyIndex]?.sequenceNumber ?? 0,
    },
    payer: bare(chain.payer.address),
    authorizers: [account],
  }
}

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const payloadHex = (payload: FlowPayload): string => hexOf(payloadMessage(payload))
export const envelopeHex = (payload: FlowPayload, by: readonly FlowSignature[]): string =>
  hexOf(envelopeMessage(payload, by))

export const cadenceOf = (described: unknown): string => z.object({ cadence: z.string() }).parse(described).cadence

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64')

/** What a client sends: our signature as payer goes beside those of the account. */
export function bodyOf(
  { chain }: FlowWorld,
  { payload, by, payerSignature }: { payload: FlowPayload; by: readonly FlowSignature[]; payerSignature: Uint8Array },
): string {
  const asSent = ({ address, keyIndex, signature }: FlowSignature) => ({
    address,
    key_index: String(keyIndex),
    signature: base64(signature),
  })
  const { address, keyIndex, sequenceNumber } = payload.proposer
  return JSON.stringify({
    script: base64(payload.script),
    arguments: payload.arguments.map(base64),
    reference_block_id: payload.referenceBlock,
    gas_limit: String(payload.gasLimit),
    payer: payload.payer,
    proposal_key: { address, key_index: String(keyIndex), sequence_number: String(sequenceNumber) },
    authorizers: payload.authorizers,
    payload_signatures: by.map(asSent),
    envelope_signatures: [asSent({ ...chain.payer, address: payload.payer, signature: payerSignature })],
  })
}
