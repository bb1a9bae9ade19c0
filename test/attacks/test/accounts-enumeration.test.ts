import { randomUUID } from 'node:crypto'
import { deployForDevelopment } from '@strongroom/chains/testing'
import { type EvmNode, startEvmNode } from '@strongroom/evm-node'
import { type AccountsWorld, newKey, type Person, personOf } from '@strongroom/mpc-auth/testing/accounts'
import type { AppProcess } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addition, beginTwoFactor, chainOf, signedBy } from '@strongroom/mpc-auth/testing/chain'
import { ask, askForBytes, type Question, waitUntil } from '../src/index.ts'
import { asks, tokenOf } from './accounts.ts'
import { addDevice, changeIn, cloudKey, settle, type Settled } from './accounts-devices.ts'
import { type AppOnCluster, startOnCluster } from './app-on-cluster.ts'
import { kill } from './key-server.ts'
import { type OwnCluster, startOwnCluster } from './own-cluster.ts'
import { traced, traceOf } from './statements.ts'
import { callsOf } from './token-calls.ts'

/** What one asks about: of somebody else, or of nobody. */
interface Subject {
  readonly requestId: string
  readonly changeId: string
  readonly recoveryId: string
  readonly transactionId: string
  readonly publicKey: string
}

const nobody = (): Subject => ({
  requestId: randomUUID(),
  changeId: randomUUID(),
  recoveryId: randomUUID(),
  transactionId: randomUUID(),
  publicKey: newKey().publicKey,
})

interface Asker extends Settled {
  readonly waits: string
}
type Asking = (
  asker: Asker,
  about: Subject,
) => readonly [method: string, path: string, body?: object | undefined, token?: string]

const txId = `0x${'ab'.repeat(32)}`

const questions: Record<string, Asking> = {
  'look at their two-factor request': (_, { requestId }) => ['GET', `/device/v1/2fa/${requestId}`],
  'look at it with a token that waits for another': ({ waits }, { requestId }) => [
    'GET',
    `/device/v1/2fa/${requestId}`,
    undefined,
    waits,
  ],
  'have it sent to another device': (_, { requestId }) => [
    'PUT',
    `/device/v1/2fa/${requestId}`,
    { destDeviceId: randomUUID() },
  ],
  'deny it': (_, { requestId }) => ['DELETE', `/device/v1/2fa/${requestId}`],
  'approve it': (_, { requestId }) => ['POST', `/device/v1/2fa/${requestId}/approve`, { txId }],
  'finish it': ({ waits }, { requestId: id }) => [
    'POST',
    '/auth/v1/signin/2fa/finish',
    { twoFactorAuthRequestId: id },
    waits,
  ],
  'approve their change': ({ phone }, { changeId }) => [
    'POST',
    `/sign/v1/changes/${changeId}/approve`,
    { approval: { publicKey: phone.publicKey, signature: phone.sign('a guess') } },
  ],
  'cancel their change': (_, { changeId }) => ['DELETE', `/sign/v1/changes/${changeId}`],
  'cancel their recovery': (_, { recoveryId }) => ['DELETE', `/auth/v1/recover/${recoveryId}`],
  'look at what was sent for them': (_, { transactionId }) => ['GET', `/sign/v1/evm/transaction/${transactionId}`],
  'forget their key': (_, { publicKey }) => ['DELETE', `/key/v1/keys/${publicKey}`],
  'change their device': (_, { publicKey }) => ['PUT', `/device/v1/devices/${publicKey}`, { name: 'mine' }],
  'have their key described, to come': (_, { publicKey }) => [
    'POST',
    '/sign/v1/changes/describe',
    { change: { kind: 'add-signer', publicKey } },
  ],
  'have their key described, to go': (_, { publicKey }) => [
    'POST',
    '/sign/v1/changes/describe',
    { change: { kind: 'remove-signer', publicKey } },
  ],
  'sign in by their key': ({ person }, { publicKey }) => [
    'POST',
    '/auth/v1/signin/challenge',
    { challengeType: 'deviceKey', request: person.login, publicKey },
  ],
  'sign in by their recovery key': ({ person }, { publicKey }) => [
    'POST',
    '/auth/v1/signin/challenge',
    { challengeType: 'recoveryKey', request: person.login, publicKey },
  ],
}

describe('case 17, enumeration, on the accounts of mpc-auth', { timeout: 120_000 }, () => {
  let cluster: OwnCluster
  let node: EvmNode
  let app: AppOnCluster
  let api: AppProcess
  let asker: Asker
  let other: Subject
  let used: readonly [challenge: string, sign: (text: string) => string]
  beforeAll(async () => {
    ;[cluster, node] = await Promise.all([startOwnCluster(traced), startEvmNode()])
    const contracts = await deployForDevelopment(node)
    const place = { rpcUrl: node.url, chainId: node.chainId, ...contracts, confirmations: 1, pollSeconds: 0.2 }
    const chain = { ...place, gasBudgetWei: String(10n ** 20n) }
    const settings = {
      RECOVERY_HSM_MODULE: undefined,
      RECOVERY_HSM_PIN_FILE: undefined,
      MPC_AUTH_APIS: 'accounts',
      PUBLIC_URL: 'http://127.0.0.1:4300',
      ACCOUNTS_TEST_LOGIN: 'on',
      CHAINS: JSON.stringify({ local: chain }),
      DEFAULT_CHAIN: 'local',
      REQUESTS_PER_ACCOUNT: '100000',
      LOGINS_PER_ADDRESS: '100000',
    }
    app = await startOnCluster(cluster.url, settings, 'test/attacks/test/counted-accounts.ts')
    api = await app.spawn({}, '--role=api')
    const worker = await app.spawn({}, '--role=worker')
    // As much of a world as these ask for.
    const world = { app: { baseUrls: [api.baseUrl] }, node, chain } as unknown as AccountsWorld
    const funded = fundWhenThere()
    const settled = await settle(personOf(world))
    await funded
    const { token: waits } = await beginTwoFactor(settled.person, newKey())
    asker = { ...settled, waits }
    other = await settleSubject(world, personOf(world))
    const { person, phone } = settled
    const data = await person.challenge(phone.publicKey)
    await person.respond(data, phone.sign(data))
    used = [data, (text) => phone.sign(text)]
    asker = { ...asker, token: await tokenOf(person, phone) }
    // What a worker does meanwhile would stand in the traces.
    await kill(worker)
  }, 180_000)
  afterAll(async () => {
    await app?.[Symbol.asyncDispose]()
    await Promise.all([cluster?.[Symbol.asyncDispose](), node?.close()])
  })

  /** The relayer has an address from the first deployment on. */
  async function fundWhenThere(): Promise<void> {
    let address: unknown
    const look = async () => (address = (await app.sql('select address from chains.relayers'))[0]?.['address'])
    await waitUntil('a relayer', async () => (await look()) !== undefined)
    await node.fund(`0x${Buffer.from(address as Uint8Array).toString('hex')}`, 10n ** 20n)
  }

  /** Somebody of whom there is everything that one can ask for. */
  async function settleSubject(world: AccountsWorld, person: Person): Promise<Subject> {
    const [settled, cloud, chain] = [await settle(person), newKey(), chainOf(world)]
    const { token, phone, address, accountId } = settled
    await addDevice(world, settled)
    await person.post('/key/v1/recovery', cloudKey(cloud), token)
    const body = await signedBy(chain, await chain.describeChange(address, addition(cloud)), [phone])
    const { id: changeId } = changeIn(await person.post('/sign/v1/evm/transaction', body, token))
    const { id: requestId, token: waits } = await beginTwoFactor(person, newKey())
    await asks(world, waits)('POST', '/auth/v1/recover')
    const one = async (query: string) => String((await app.sql(query))[0]?.['id'])
    const of = `where account_id = '${accountId}'`
    return {
      changeId,
      requestId,
      recoveryId: await one(`select id from chain_accounts.recoveries ${of}`),
      transactionId: await one(`select transaction_id as id from chain_accounts.relayed ${of}`),
      publicKey: phone.publicKey,
    }
  }

  const asked = ([method, path, body, token = asker.token]: ReturnType<Asking>): Question => ({
    method,
    url: api.baseUrl + path,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body }),
  })
  const all = Object.entries(questions)

  it.each(all)('%s: somebody’s and nobody’s answer alike to the byte', async (_, question) => {
    for (let round = 0; round < 3; round++) {
      const [theirs, nobodys] = [
        await askForBytes(asked(question(asker, other))),
        await askForBytes(asked(question(asker, nobody()))),
      ]
      expect(nobodys).toBe(theirs)
      expect(theirs).toMatch(/^HTTP\/1\.1 4\d\d /)
    }
  })

  it.each(all)(
    '%s: somebody’s and nobody’s take the same statements, commits and calls of the token',
    async (_, question) => {
      const traces = []
      for (const about of [other, nobody()]) {
        let calls: readonly string[] = []
        const act = async () => (calls = await callsOf(api, () => ask(asked(question(asker, about)))))
        traces.push({ statements: await traceOf(app, act), calls })
      }
      expect(traces[0]?.statements.length).toBeGreaterThan(0)
      expect(traces[1]).toEqual(traces[0])
    },
  )

  const answer = (challengeData: string): Question => ({
    method: 'POST',
    url: `${api.baseUrl}/auth/v1/signin/challenge/respond`,
    body: { challengeType: 'deviceKey', challengeData, deviceKey: { signature: used[1](challengeData) } },
  })

  it('a challenge that was used and one that never was are alike', async () => {
    const [data] = used
    const never = newKey().publicKey.slice(0, 64)
    const bytes = [await askForBytes(answer(data)), await askForBytes(answer(never))]
    expect(bytes[1]).toBe(bytes[0])
    const traces = []
    for (const one of [data, never]) traces.push(await traceOf(app, () => ask(answer(one))))
    // Where a row was found the index was looked into further: what is executed is the same.
    const plain = (trace: readonly string[] | undefined) => trace?.map((line) => line.replace('writing ', ''))
    expect(plain(traces[1])).toEqual(plain(traces[0]))
  })

  it('to recover is answered alike, whatever there is to recover and however often it was asked', async () => {
    const wish = asked(['POST', '/auth/v1/recover', undefined, asker.waits])
    const said = []
    for (let round = 0; round < 5; round++) said.push(await askForBytes(wish))
    expect([new Set(said).size, said[0]]).toEqual([1, expect.stringMatching(/^HTTP\/1\.1 204 /)])
  })

  it('a trace sees what it should: what is one’s own takes other statements and calls', async () => {
    const [traces, calls]: [string[][], string[][]] = [[], []]
    for (const publicKey of [asker.phone.publicKey, newKey().publicKey]) {
      const question = asked(['PUT', `/device/v1/devices/${publicKey}`, { name: 'mine' }])
      traces.push(await traceOf(app, async () => calls.push(await callsOf(api, () => ask(question)))))
    }
    expect(calls[0]).toEqual(expect.arrayContaining(['open', 'seal']))
    expect(calls[1]).not.toContain('seal')
    expect(traces[1]).not.toEqual(traces[0])
  })
})
