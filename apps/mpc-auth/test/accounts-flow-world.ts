import { encodeTransactionEnvelope, encodeTransactionPayload } from '@onflow/sdk'
import { type AccountChange, chainsFrom, chainsSetting } from '@strongroom/chains'
import { fromHex, toHex } from '@strongroom/crypto'
import { type FlowStub, startFlowStub } from '@strongroom/flow-stub'
import { startApp, type TestApp } from '@strongroom/test-world'
import { expect } from 'vitest'
import { type DeviceKey, newKey, newSubject, signedIn } from './accounts-world.ts'
import { type Answered, clientOf } from './client.ts'
import { flowRoad } from './flow-road.ts'

export const soon = { timeout: 60_000, interval: 200 }

const PAYER = 'f8d6e0586b0a20c7'

/** The accounts API on a chain of Flow, which a payer of the app’s token pays on. */
export async function startOnFlow() {
  const stub = await startFlowStub()
  const road = await flowRoad(stub.url)
  const setting = {
    accessUrl: road.url,
    payer: { address: PAYER, keyIndexes: [0, 1] },
    transactionsPerDay: 1000,
    pollSeconds: 0.2,
  }
  const chains = JSON.stringify({ 'flow-testnet': setting })
  const settings = {
    RECOVERY_HSM_PIN_FILE: undefined,
    MPC_AUTH_APIS: 'accounts',
    PUBLIC_URL: 'http://127.0.0.1:4300',
    ACCOUNTS_TEST_LOGIN: 'on',
    CHAINS: chains,
    DEFAULT_CHAIN: 'flow-testnet',
    REQUESTS_PER_ACCOUNT: '100000',
    LOGINS_PER_ADDRESS: '100000',
  }
  const app = await startApp({ app: 'mpc-auth', settings })
  const { output } = await app.run('list-relayers')
  const publicKey = fromHex(/\b[0-9a-f]{128}\b/.exec(output)?.[0] ?? '')
  const key = { publicKey, weight: 1000 }
  stub.addAccount([key, key], PAYER)
  const chain = chainsFrom(chainsSetting.parse(chains)).flow[0]
  if (!chain) throw new Error('no chain of Flow is configured')
  return {
    app,
    stub,
    road,
    chain,
    async [Symbol.asyncDispose]() {
      await app.stop()
      road.close()
      await stub.close()
    },
  }
}
export type FlowWorld = Awaited<ReturnType<typeof startOnFlow>>

export const addition = ({ publicKey }: Pick<DeviceKey, 'publicKey'>): AccountChange => ({
  kind: 'add-signer',
  signer: { publicKey: fromHex(publicKey), scheme: 'p256-sha256', weight: 500 },
})
export const removal = ({ publicKey }: Pick<DeviceKey, 'publicKey'>): AccountChange => ({
  kind: 'remove-signer',
  publicKey: fromHex(publicKey),
})

/** By whichever process serves last. */
const baseUrlOf = ({ processes }: TestApp) => processes.at(-1)?.baseUrl ?? ''
const bare = (address: string) => address.replace(/^0x/, '')
const hexOf = (encoded: string) => encoded.replace(/^0x/, '')
const keyIdOf = (stub: FlowStub, address: string, { publicKey }: DeviceKey) =>
  stub.account(address)?.keys.findIndex((key) => key.publicKey === publicKey) ?? -1

interface Signature {
  readonly address: string
  readonly keyId: number
  readonly sig: string
}

/** Somebody with an account on Flow, whose app speaks to the chain by Flow’s own library. */
export function flowPerson(world: FlowWorld, phone: DeviceKey = newKey()) {
  const { stub, chain } = world
  const login = { method: 'test', token: newSubject(), chainName: 'flow-testnet' }
  const state = { address: '' }
  const send = (method: string, path: string, sent: { body?: unknown; token?: string } = {}) =>
    clientOf(baseUrlOf(world.app))({ method, path, ...sent })
  const post = (path: string, body: unknown, token?: string) =>
    send('POST', path, { body, ...(token !== undefined && { token }) })

  async function signIn(key: DeviceKey) {
    const begun = { challengeType: 'deviceKey', request: login, publicKey: key.publicKey }
    const challenge = await post('/auth/v1/signin/challenge', begun)
    if (challenge.status !== 200) return challenge
    const { challengeData } = challenge.body as { challengeData: string }
    const respond = { challengeType: 'deviceKey', challengeData, deviceKey: { signature: key.sign(challengeData) } }
    return post('/auth/v1/signin/challenge/respond', respond)
  }
  /** A token of now: days pass in which others end. */
  const tokenOf = async (key: DeviceKey) => signedIn(await signIn(key)).credentials.accessToken

  async function signUp() {
    const device = { name: 'a phone of the tests', pushToken: 'token-of-the-tests' }
    const opened = await post('/auth/v1/signup', {
      ...login,
      userKey: { type: 'device', publicKey: phone.publicKey, device },
    })
    expect(opened.status).toBe(201)
    await expect.poll(async () => (await signIn(phone)).status, soon).toBe(200)
    const { account } = signedIn(await signIn(phone))
    state.address = account.addresses[0]?.address ?? ''
  }

  async function transactionOf(cadence: string, by: DeviceKey) {
    const blocks = (await (await fetch(`${stub.url}/v1/blocks?height=sealed`)).json()) as [{ header: { id: string } }]
    const [address, keyId] = [bare(state.address), keyIdOf(stub, state.address, by)]
    const sequenceNum = stub.account(address)?.keys[keyId]?.sequenceNumber ?? 0
    return {
      cadence,
      refBlock: blocks[0].header.id,
      computeLimit: 999,
      arguments: [],
      proposalKey: { address, keyId, sequenceNum },
      payer: PAYER,
      authorizers: [address],
      payloadSigs: [] as Signature[],
    }
  }
  type Transaction = Awaited<ReturnType<typeof transactionOf>>

  const payloadOf = (transaction: Transaction) => hexOf(encodeTransactionPayload(transaction))
  const changeOf = async (change: AccountChange, by: DeviceKey) =>
    transactionOf(((await chain.describeChange(state.address, change)) as { cadence: string }).cadence, by)
  const cosign = (token: string, transaction: Transaction) =>
    post('/sign/v1/cadence/transaction', { message: payloadOf(transaction) }, token)

  /** Signed by us and by the device, paid for, and sent by the client; its hash. */
  async function run(transaction: Transaction, ours: Answered, { by, token }: { by: DeviceKey; token: string }) {
    expect([ours.status, ours.text]).toEqual([200, expect.stringContaining('signature')])
    const { keyId, signature } = (ours.body as { signature: { keyId: number; signature: string } }).signature
    const { address } = transaction.proposalKey
    const theirs = { address, keyId: keyIdOf(stub, address, by), sig: by.signBytes(fromHex(payloadOf(transaction))) }
    const whole = { ...transaction, payloadSigs: [{ address, keyId, sig: signature }, theirs] }
    const envelope = hexOf(encodeTransactionEnvelope(whole))
    const paid = await post('/sign/v1/cadence/transaction/paymaster', { message: envelope }, token)
    expect(paid.status).toBe(200)
    const payer = (paid.body as { signature: { keyId: number; signature: string } }).signature
    const sent = await fetch(`${stub.url}/v1/transactions`, {
      method: 'POST',
      body: JSON.stringify(bodyOf(whole, { address: PAYER, keyId: payer.keyId, sig: payer.signature })),
    })
    return ((await sent.json()) as { id: string }).id
  }

  return {
    login,
    phone,
    state,
    send,
    post,
    signUp,
    signIn,
    tokenOf,
    transactionOf,
    changeOf,
    payloadOf,
    cosign,
    run,
    signers: async () =>
      (await chain.readAccount(state.address))?.signers.map(({ publicKey }) => toHex(publicKey)) ?? [],
    /** Transactions that the account proposed and the chain ran. */
    ran: () => stub.account(state.address)?.keys.reduce((sum, { sequenceNumber }) => sum + sequenceNumber, 0) ?? -1,
    async beginTwoFactor(device: DeviceKey) {
      const userKey = { type: 'device', publicKey: device.publicKey, device: { name: 'a tablet of the tests' } }
      const answer = await post('/auth/v1/signin/2fa', { request: login, userKey })
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('twoFactorAuth')])
      const { twoFactorAuth, ephemeralAccessToken: token } = answer.body as {
        twoFactorAuth: { request: { id: string; message: string } }
        ephemeralAccessToken: string
      }
      const { id, message } = twoFactorAuth.request
      return { id, token, cadence: (JSON.parse(message) as { cadence: string }).cadence }
    },
  }
}
export type FlowPerson = ReturnType<typeof flowPerson>

interface Sent {
  readonly cadence: string
  readonly refBlock: string
  readonly computeLimit: number
  readonly payer: string
  readonly authorizers: readonly string[]
  readonly proposalKey: { readonly address: string; readonly keyId: number; readonly sequenceNum: number }
  readonly payloadSigs: readonly Signature[]
}

/** As the Access API takes it. */
function bodyOf(whole: Sent, byPayer: Signature) {
  const of = ({ address, keyId, sig }: Signature) => ({
    address,
    key_index: String(keyId),
    signature: Buffer.from(sig, 'hex').toString('base64'),
  })
  const { address, keyId, sequenceNum } = whole.proposalKey
  return {
    script: Buffer.from(whole.cadence).toString('base64'),
    arguments: [],
    reference_block_id: whole.refBlock,
    gas_limit: String(whole.computeLimit),
    payer: whole.payer,
    proposal_key: { address, key_index: String(keyId), sequence_number: String(sequenceNum) },
    authorizers: whole.authorizers,
    payload_signatures: whole.payloadSigs.map(of),
    envelope_signatures: [of(byPayer)],
  }
}
