import { encodeTransactionEnvelope, encodeTransactionPayload } from '@onflow/sdk'
import type { AccountChange } from '@strongroom/chains'
import { fromHex, toHex } from '@strongroom/crypto'
import { expect, vi } from 'vitest'
import type { AccountsWorld, Answered } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { soon } from './person.ts'

export interface FlowPerson {
  readonly login: { readonly method: 'test'; readonly token: string; readonly chainName: 'flow-testnet' }
  readonly phone: Device
  readonly token: string
  readonly accountId: string
  readonly address: string
}

export const addition = ({ publicKey }: Pick<Device, 'publicKey'>): AccountChange => ({
  kind: 'add-signer',
  signer: { publicKey: fromHex(publicKey), scheme: 'p256-sha256', weight: 500 },
})
export const removal = ({ publicKey }: Pick<Device, 'publicKey'>): AccountChange => ({
  kind: 'remove-signer',
  publicKey: fromHex(publicKey),
})

const hexOf = (encoded: string) => encoded.replace(/^0x/, '')
const bare = (address: string) => address.replace(/^0x/, '')

interface Signature {
  readonly address: string
  readonly keyId: number
  readonly sig: string
}
export interface FlowTransaction {
  readonly cadence: string
  readonly refBlock: string
  readonly computeLimit: number
  readonly arguments: never[]
  readonly proposalKey: { readonly address: string; readonly keyId: number; readonly sequenceNum: number }
  readonly payer: string
  readonly authorizers: string[]
  readonly payloadSigs: Signature[]
}

export const payloadOf = (transaction: FlowTransaction) => hexOf(encodeTransactionPayload(transaction))
export const envelopeOf = (transaction: FlowTransaction) => hexOf(encodeTransactionEnvelope(transaction))

/** As the Access API takes it. */
const asSent = ({ address, keyId, sig }: Signature) => ({
  address,
  key_index: String(keyId),
  signature: Buffer.from(sig, 'hex').toString('base64'),
})

/** What people do with accounts on Flow, in one world, by Flow’s own library. */
export function onFlow(world: AccountsWorld) {
  const cosign = (token: string, message: string) =>
    world.ask('POST', '/sign/v1/cadence/transaction', { token, body: { message } })
  const pay = (token: string, message: string) =>
    world.ask('POST', '/sign/v1/cadence/transaction/paymaster', { token, body: { message } })

  async function signUp(name: string): Promise<FlowPerson> {
    const phone = newDevice()
    const login = { method: 'test', token: name, chainName: 'flow-testnet' } as const
    const answer = await world.ask('POST', '/auth/v1/signup', { body: { ...login, userKey: phone.userKey } })
    const { account, credentials } = answer.body as { account: { id: string }; credentials: { accessToken: string } }
    const me = async () => {
      await world.sweep()
      const seen = await world.ask('GET', '/account/v1/me', { token: credentials.accessToken })
      const { addresses } = (seen.body as { account: { addresses: { address: string }[] } }).account
      expect(addresses).toHaveLength(1)
      return addresses[0]?.address ?? ''
    }
    const address = await vi.waitFor(me, soon)
    return { login, phone, token: credentials.accessToken, accountId: account.id, address }
  }

  const keyIdOf = ({ address }: Pick<FlowPerson, 'address'>, { publicKey }: Pick<Device, 'publicKey'>) =>
    world.flow.account(bare(address))?.keys.findIndex((key) => key.publicKey === publicKey) ?? -1

  /** A transaction of the account that this key proposes. */
  async function transactionOf(of: Pick<FlowPerson, 'address'>, { script, by }: { script: string; by: Device }) {
    const blocks = (await (await fetch(`${world.flow.url}/v1/blocks?height=sealed`)).json()) as [
      { header: { id: string } },
    ]
    const [address, keyId] = [bare(of.address), keyIdOf(of, by)]
    const sequenceNum = world.flow.account(address)?.keys[keyId]?.sequenceNumber ?? 0
    const made: FlowTransaction = {
      cadence: script,
      refBlock: blocks[0].header.id,
      computeLimit: 999,
      arguments: [],
      proposalKey: { address, keyId, sequenceNum },
      payer: bare(world.flowChain.payer.address),
      authorizers: [address],
      payloadSigs: [],
    }
    return made
  }

  const scriptOf = async ({ address }: Pick<FlowPerson, 'address'>, change: AccountChange) =>
    ((await world.flowChain.describeChange(address, change)) as { cadence: string }).cadence
  const changeOf = async (of: Pick<FlowPerson, 'address'>, change: AccountChange, by: Device) =>
    transactionOf(of, { script: await scriptOf(of, change), by })

  /** Signed by the device and by what we answered, and paid for: our payer’s answer beside it. */
  async function paid(of: FlowPerson, transaction: FlowTransaction, ours: Answered) {
    expect(ours).toMatchObject({ status: 200 })
    const { keyId, signature } = (ours.body as { signature: { keyId: number; signature: string } }).signature
    const { address } = transaction.proposalKey
    const theirs = { address, keyId: keyIdOf(of, of.phone), sig: of.phone.sign(fromHex(payloadOf(transaction))) }
    const whole = { ...transaction, payloadSigs: [{ address, keyId, sig: signature }, theirs] }
    return { whole, answer: await pay(of.token, envelopeOf(whole)) }
  }

  /** Sends what the payer signed to the chain, as a client does; its hash. */
  async function run({ whole, answer }: { whole: FlowTransaction; answer: Answered }): Promise<string> {
    expect(answer).toMatchObject({ status: 200 })
    const payer = (answer.body as { signature: { keyId: number; signature: string } }).signature
    const { proposalKey: by } = whole
    const body = {
      script: Buffer.from(whole.cadence).toString('base64'),
      arguments: [],
      reference_block_id: whole.refBlock,
      gas_limit: String(whole.computeLimit),
      payer: whole.payer,
      proposal_key: { address: by.address, key_index: String(by.keyId), sequence_number: String(by.sequenceNum) },
      authorizers: whole.authorizers,
      payload_signatures: whole.payloadSigs.map(asSent),
      envelope_signatures: [asSent({ address: whole.payer, keyId: payer.keyId, sig: payer.signature })],
    }
    const sent = await fetch(`${world.flow.url}/v1/transactions`, { method: 'POST', body: JSON.stringify(body) })
    expect(sent.status).toBe(201)
    return ((await sent.json()) as { id: string }).id
  }

  const signersOf = async ({ address }: Pick<FlowPerson, 'address'>) =>
    (await world.flowChain.readAccount(address))?.signers.map(({ publicKey }) => toHex(publicKey)) ?? []

  /** A new device asks to be let in. */
  async function begin({ login }: Pick<FlowPerson, 'login'>, device: Device) {
    const body = { request: login, userKey: device.userKey }
    const answer = await world.ask('POST', '/auth/v1/signin/2fa', { body })
    const read = answer.body as {
      twoFactorAuth?: { request: { id: string; message: string } }
      ephemeralAccessToken?: string
    }
    const { id = '', message = '{}' } = read.twoFactorAuth?.request ?? {}
    const { cadence = '' } = JSON.parse(message) as { cadence?: string }
    return { answer, id, token: read.ephemeralAccessToken ?? '', cadence }
  }

  const cosignAndRun = async (of: FlowPerson, transaction: FlowTransaction) =>
    run(await paid(of, transaction, await cosign(of.token, payloadOf(transaction))))

  /** A second device of somebody, let in by the first. */
  async function secondDevice(of: FlowPerson): Promise<FlowPerson> {
    const phone = newDevice()
    const begun = await begin(of, phone)
    const txId = await cosignAndRun(of, await transactionOf(of, { script: begun.cadence, by: of.phone }))
    const approved = await world.ask('POST', `/device/v1/2fa/${begun.id}/approve`, { token: of.token, body: { txId } })
    expect(approved).toMatchObject({ status: 204 })
    const body = { twoFactorAuthRequestId: begun.id }
    const finished = await world.ask('POST', '/auth/v1/signin/2fa/finish', { token: begun.token, body })
    expect(finished).toMatchObject({ status: 200 })
    const { accessToken } = (finished.body as { credentials: { accessToken: string } }).credentials
    return { ...of, phone, token: accessToken }
  }

  const registerRecovery = ({ token }: FlowPerson, { publicKey }: Device) =>
    world.ask('POST', '/key/v1/recovery', {
      token,
      body: { recoveryKey: { publicKey, cloudKey: { accountName: 'iCloud' } } },
    })

  const keysOf = async (token: string) =>
    ((await world.ask('GET', '/key/v1/keys', { token })).body as { keys: { publicKey: string; state: string }[] }).keys

  /** A key that people keep in their cloud, on the account: three days after it was asked for. */
  async function withRecoveryKey(name: string): Promise<FlowPerson & { cloud: Device }> {
    const [person, cloud] = [await signUp(name), newDevice()]
    expect(await registerRecovery(person, cloud)).toMatchObject({ status: 200 })
    const ask = async () => {
      const transaction = await changeOf(person, addition(cloud), person.phone)
      return { transaction, ours: await cosign(person.token, payloadOf(transaction)) }
    }
    expect((await ask()).ours).toMatchObject({ status: 202, body: { change: { state: 'held' } } })
    await world.pass('73 hours')
    const { transaction, ours } = await ask()
    await run(await paid(person, transaction, ours))
    await vi.waitFor(async () => {
      await world.sweep()
      expect(await keysOf(person.token)).toContainEqual(
        expect.objectContaining({ publicKey: cloud.publicKey, state: 'active' }),
      )
    }, soon)
    return { ...person, cloud }
  }

  return {
    signUp,
    begin,
    transactionOf,
    changeOf,
    scriptOf,
    cosign,
    pay,
    paid,
    run,
    cosignAndRun,
    secondDevice,
    registerRecovery,
    withRecoveryKey,
    keysOf,
    signersOf,
    keyIdOf,
  }
}
