import { randomBytes } from 'node:crypto'
import { isOutage } from '@strongroom/http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Answer, type HorizonStub, startHorizon } from '../../test/horizon-stub.ts'
import { add, ledgerSigner, networkPassphrase, transactionOf } from '../../test/ledger-world.ts'
import { signerNamed, signerOf } from '../../test/transaction-signers.ts'
import { ledgerDoors } from './horizon-doors.ts'
import { horizonLedger, type HorizonLedgerOptions } from './horizon-ledger.ts'
import { LedgerTimedOut } from './ledger-timed-out.ts'
import { type Ledger, LedgerUnavailable } from './ledger.ts'

const master = signerNamed('master').keyId
const own = signerNamed('service')
const owner = signerOf(randomBytes(32))

let horizon: HorizonStub
beforeAll(async () => {
  horizon = await startHorizon(master)
})
afterAll(() => horizon[Symbol.asyncDispose]())
beforeEach(() => {
  horizon.instead = undefined
  horizon.accounts.set(master, [ledgerSigner(own)])
  horizon.accounts.set(owner.keyId, [ledgerSigner(owner)])
})

const open = (more: Partial<HorizonLedgerOptions> = {}): Ledger =>
  horizonLedger({
    url: horizon.url,
    networkPassphrase,
    masterAccountId: master,
    ownKey: () => Promise.resolve(own),
    timeoutMs: 60_000,
    submitMs: 60_000,
    ...more,
  })
const transaction = () =>
  transactionOf({ source: owner, operations: [add(signerOf(randomBytes(32)), { identity: 2 })], signers: [owner] })

/** Each call of the ledger, on one that nothing is remembered of. */
const calls: readonly (readonly [string, (ledger: Ledger) => Promise<unknown>])[] = [
  ['info', (ledger) => ledger.info()],
  ['keyValue', (ledger) => ledger.keyValue('signer_role:default')],
  ['signersOf', (ledger) => ledger.signersOf(owner.keyId)],
  ['saleOwner', (ledger) => ledger.saleOwner?.('1') ?? Promise.resolve()],
  ['findApplied', (ledger) => ledger.findApplied('00'.repeat(32))],
  ['submit', async (ledger) => ledger.submit(await transaction())],
  ['createAccount', (ledger) => ledger.createAccount({ account: signerOf(randomBytes(32)).keyId, signers: [] })],
  [
    'adoptAccount',
    (ledger) => ledger.adoptAccount({ account: owner.keyId, signers: [ledgerSigner(own)], others: 'go' }),
  ],
  ['beginKycRecovery', (ledger) => ledger.beginKycRecovery({ account: owner.keyId, signer: own.keyId })],
  ['cancelKycRecovery', (ledger) => ledger.cancelKycRecovery({ account: owner.keyId, signer: own.keyId })],
]

const failureOf = async (work: Promise<unknown>): Promise<Error> => {
  const answer = await work.catch((error: unknown) => error)
  if (answer instanceof Error) return answer
  throw new Error(`it did not fail: ${JSON.stringify(answer)}`)
}

const answering =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (_, to) => {
    to.writeHead(status, headers).end(body)
    return true
  }

/** With whatever it was asked: an error that repeats an answer repeats the caller. */
const echoing =
  (status: number, headers?: Record<string, string>): Answer =>
  ({ path, body }, to) =>
    Boolean(answering(status, `canary ${path} ${body}`, headers)({ method: '', path, body }, to))

async function expectOutages(instead: Answer | undefined, code: string, more: Partial<HorizonLedgerOptions> = {}) {
  horizon.instead = instead
  for (const [name, call] of calls) {
    const error = await failureOf(call(open(more)))
    expect([name, error.name, isOutage(error), (error.cause as Error).message]).toEqual([
      name,
      'LedgerUnavailable',
      true,
      code,
    ])
    expect(`${error.message} ${String(error.cause)}`).not.toMatch(/canary|127\.0\.0\.1|AAAA|G[A-Z2-7]{55}/)
  }
}

describe('a Horizon that misbehaves is an outage of every call, without a word of what it said or was sent:', () => {
  test.each([500, 502, 503, 429, 401, 403, 418, 204])('it answers %i', (status) =>
    expectOutages(echoing(status), `http-${String(status)}`),
  )

  test.each([301, 302, 303, 307, 308])('it leads elsewhere by %i, where nobody follows', async (status) => {
    await using elsewhere = await startHorizon(master)
    await expectOutages(echoing(status, { location: elsewhere.url }), `http-${String(status)}`)
    expect(elsewhere.asked).toEqual([])
  })

  test('it says what is no JSON', () => expectOutages(answering(200, '<html>canary</html>'), 'answer-json'))

  test.each([
    'null',
    '[]',
    '{}',
    '{"data":null}',
    '{"data":[{"id":"canary"}]}',
    '{"data":{"attributes":{"value":{"u32":-1}}}}',
  ])('it says %s', (body) => expectOutages(answering(200, body), 'answer-shape'))

  test('it says too much', () => expectOutages(answering(200, 'x'.repeat(1_048_577)), 'answer-size'))

  test('it hangs up', () =>
    expectOutages((_, to) => {
      to.destroy()
      return true
    }, 'UND_ERR_SOCKET'))

  test('it says nothing in time', () => expectOutages(() => true, 'ETIMEDOUT', { timeoutMs: 60, submitMs: 60 }))

  test('it goes on and on, byte by byte', () =>
    expectOutages(
      (_, to) => {
        to.writeHead(200)
        const timer = setInterval(() => to.write(' '), 10)
        to.on('close', () => clearInterval(timer))
        return true
      },
      'ETIMEDOUT',
      { timeoutMs: 60, submitMs: 60 },
    ))

  test('it is not there', async () => {
    const gone = await startHorizon(master)
    await gone[Symbol.asyncDispose]()
    await expectOutages(undefined, 'ECONNREFUSED', { url: gone.url })
  })
})

test('a transaction whose outcome Horizon did not tell in time is told apart: it may be applied yet', async () => {
  horizon.instead = ({ method }, to) => method === 'POST' && Boolean(to.writeHead(408).end('{}'))
  const error = await failureOf(open().submit(await transaction()))
  expect([error instanceof LedgerTimedOut, error instanceof LedgerUnavailable, isOutage(error)]).toEqual([
    true,
    true,
    true,
  ])
})

test('an answer about another transaction is none', async () => {
  const ledger = open()
  await ledger.submit(await transaction())
  const other = horizon.asked.findLast(({ method }) => method === 'POST')
  const body =
    other && (await (await fetch(`${horizon.url}/v3/transactions`, { method: 'POST', body: other.body })).text())
  horizon.instead = answering(200, body ?? '')
  const error = await failureOf(ledger.submit(await transaction()))
  expect((error.cause as Error).message).toBe('another-transaction')
})

const page = (links: object) => {
  const attributes = { weight: 1000, identity: 1, details: {} }
  const relationships = { role: { data: { id: '2', type: 'signer-roles' } } }
  return JSON.stringify({ data: [{ id: owner.keyId, type: 'signers', attributes, relationships }], links })
}

test('pages without an end are an outage, and lead to no other host and no other route', async () => {
  await using elsewhere = await startHorizon(master)
  for (const next of [
    `${elsewhere.url}/v3/key_values/x`,
    '/v3/key_values/x?page[number]=1',
    '//x/y',
    'not a link at all',
  ]) {
    const before = horizon.asked.length
    horizon.instead = answering(200, page({ next }))
    expect((await failureOf(open().signersOf(owner.keyId))).name).toBe('LedgerUnavailable')
    const paths = horizon.asked.slice(before).map(({ path }) => path.split('?')[0])
    expect(new Set(paths)).toEqual(new Set([`/v3/accounts/${owner.keyId}/signers`]))
    expect(paths).toHaveLength(10)
  }
  expect(elsewhere.asked).toEqual([])
})

test('a next page that is none is no page', async () => {
  for (const next of ['', 'http://[']) {
    horizon.instead = answering(200, page({ next }))
    expect(await open().signersOf(owner.keyId)).toHaveLength(1)
  }
})

test('a key of its own that was not to be had is asked for again', async () => {
  let asked = 0
  const ledger = open({
    ownKey: () => (++asked === 1 ? Promise.reject(new LedgerUnavailable()) : Promise.resolve(own)),
  })
  const wish = { account: signerOf(randomBytes(32)).keyId, signers: [ledgerSigner(owner)] }
  await expect(ledger.createAccount(wish)).rejects.toThrow(LedgerUnavailable)
  expect(await ledger.createAccount(wish)).toBe('created')
})

test.each([
  'http://horizon.example.com',
  'ftp://127.0.0.1',
  'https://user:password@horizon.example.com',
  'https://horizon.example.com/?a=b',
  'https://horizon.example.com/#a',
  'http://localhost.example.com',
  'horizon',
])('%s is no address of a ledger', (url) => {
  expect(() => open({ url })).toThrow(TypeError)
})

test('only development may ask a ledger in clear', () => {
  expect(ledgerDoors({})).toEqual([])
  expect(ledgerDoors({ LEDGER_URL: 'https://horizon.example.com' })).toEqual([])
  expect(ledgerDoors({ LEDGER_URL: 'http://127.0.0.1:8000' })).toHaveLength(1)
})
