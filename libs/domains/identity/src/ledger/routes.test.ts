import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sha256, toBase64, toUtf8 } from '@strongroom/crypto'
import { jsonApiDialect, listener, mount, problems } from '@strongroom/http'
import { proveRequestSignature } from '@strongroom/proofs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import vectors from '../../../../../test/vectors/tokend-envelope.json' with { type: 'json' }
import {
  add,
  admins,
  ledgerSigner,
  type LedgerWorld,
  ledgerWorld,
  master,
  networkPassphrase,
  remove,
  signerData,
  transactionOf,
} from '../../test/ledger-world.ts'
import { signerOf } from '../../test/transaction-signers.ts'
import type { TransactionSigner } from './cosign.ts'
import { info } from './get-info.ts'
import { keyValue } from './get-key-value.ts'
import { signers } from './get-signers.ts'
import { type Ledger, LedgerUnavailable, RECOVERY_ROLE } from './ledger.ts'
import { recoveryRequests } from './list-recovery-requests.ts'
import { submit } from './submit-transaction.ts'

let world: LedgerWorld
let server: Server
let base: string
let away = false
let spent: Date | undefined
beforeAll(async () => {
  world = await ledgerWorld()
  const { database } = world
  const ledger: typeof world.ledger = {
    ...world.ledger,
    submit: (envelope) => (away ? Promise.reject(new LedgerUnavailable()) : world.ledger.submit(envelope)),
  }
  const limits = { attempts: { take: () => Promise.resolve(spent) } }
  const deps = { ledger, database, limits, signatures: { profile: 'compat' as const } }
  const app = listener({
    mounts: [
      mount({
        dialect: jsonApiDialect,
        handlers: [keyValue, signers, submit, recoveryRequests],
        provers: [proveRequestSignature],
        deps,
      }),
      mount({ dialect: problems, handlers: [info], deps }),
    ],
  })
  server = createServer((request, response) => void app.callback()(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await world[Symbol.asyncDispose]()
})

const newKey = (): TransactionSigner => signerOf(randomBytes(32))

async function ask(path: string, { body, by }: { body?: unknown; by?: TransactionSigner } = {}) {
  const signature = by && (await by.sign(sha256(toUtf8(`(request-target): get ${path}`))))
  const answer = await fetch(base + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(body !== undefined && { 'content-type': 'application/vnd.api+json' }),
      ...(by &&
        signature && {
          signature: `keyId="${by.keyId}",algorithm="ed25519-sha256",headers="(request-target)",signature="${toBase64(signature)}"`,
        }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const type = answer.headers.get('content-type')
  return { status: answer.status, type, body: (await answer.json()) as Record<string, unknown> }
}

test('the root is plain JSON: the network, its administrators, its time', async () => {
  const { status, type, body } = await ask('/')
  expect([status, type]).toEqual([200, 'application/json; charset=utf-8'])
  expect(body).toEqual({
    network_passphrase: networkPassphrase,
    master_account_id: master.keyId,
    tx_expiration_period: 604_800,
    current_time: expect.any(Number),
    precision: 1_000_000,
  })
})

test('settings are told by their type', async () => {
  const value = async (key: string) => (await ask(`/v3/key_values/${key}`)).body
  expect(await value('signer_role:default')).toEqual({
    data: {
      id: 'signer_role:default',
      type: 'key-value-entries',
      attributes: { value: { type: { name: 'uint32', value: 1 }, u32: 2 } },
    },
  })
  expect(await value('kyc_recovery_signer_role')).toMatchObject({ data: { attributes: { value: { u64: 3 } } } })
  expect(await value('kyc_recovery_enabled')).toMatchObject({ data: { attributes: { value: { u32: 1 } } } })
  expect(await value('account_role%3Aunverified')).toMatchObject({ data: { attributes: { value: { u32: 3 } } } })
  expect(await ask('/v3/key_values/another')).toMatchObject({
    status: 404,
    body: { errors: [{ title: 'Not Found', status: '404' }] },
  })
})

test('the signers of an account, with their roles as relationships', async () => {
  const saver = newKey()
  const account = await world.account((owner) => [
    ledgerSigner(owner, { details: '{"name":"é"}' }),
    ledgerSigner(saver, { role: RECOVERY_ROLE }),
  ])
  const path = `/v3/accounts/${account.keyId}/signers`
  const { body } = await ask(path)
  expect(body).toMatchObject({ links: { self: path } })
  expect(body['data']).toHaveLength(2)
  expect(body['data']).toContainEqual({
    id: account.keyId,
    type: 'signers',
    attributes: { weight: 1000, identity: 1, details: { name: 'é' } },
    relationships: {
      role: { data: { id: '2', type: 'signer-roles' } },
      account: { data: { id: account.keyId, type: 'accounts' } },
    },
  })
  expect((await ask(`/v3/accounts/${newKey().keyId}/signers`)).status).toBe(404)
  expect((await ask('/v3/accounts/GA/signers')).status).toBe(400)
  expect((await ask(`/v3/accounts/${master.keyId}/signers`)).body['data']).toHaveLength(admins.length)
})

test('a transaction is submitted bare or in a document, with the same answer', async () => {
  const account = await world.account()
  const tx = await transactionOf({ source: account, operations: [add(newKey())], signers: [account] })
  const bare = await ask('/v3/transactions', { body: { tx, wait_for_ingest: true } })
  expect(bare).toMatchObject({
    status: 200,
    type: 'application/vnd.api+json',
    body: {
      data: {
        type: 'transactions',
        attributes: {
          envelope_xdr: tx,
          result_xdr: 'AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAmAAAAAAAAAAAAAAAA',
          result_meta_xdr: '',
        },
        relationships: { source: { data: { id: account.keyId, type: 'accounts' } } },
      },
    },
  })
  const wrapped = await ask('/v3/transactions', { body: { data: { attributes: { tx } } } })
  expect(wrapped.body).toEqual(bare.body)
})

test('a rejected transaction tells the codes by which clients know it', async () => {
  const account = await world.account()
  const tx = await transactionOf({ source: account, operations: [remove(newKey())], signers: [account] })
  expect(await ask('/v3/transactions', { body: { tx } })).toMatchObject({
    status: 400,
    body: {
      errors: [
        {
          title: 'Bad Request',
          status: '400',
          detail: 'Tx is invalid and got rejected',
          meta: { result_codes: { transaction: 'tx_failed', operations: ['op_not_found'] } },
        },
      ],
    },
  })
  const foreign = await transactionOf({ source: account, operations: [remove(newKey())], signers: [newKey()] })
  expect((await ask('/v3/transactions', { body: { tx: foreign } })).body).toMatchObject({
    errors: [{ meta: { result_codes: { transaction: 'tx_bad_auth', operations: [] } } }],
  })
})

test('what is no transaction is a field that is wrong, and none at all is no body', async () => {
  const unreadable = await ask('/v3/transactions', { body: { tx: vectors.stampOperation.envelope } })
  expect(unreadable).toMatchObject({
    status: 400,
    body: { errors: [{ meta: { field: 'tx', error: 'operation-unknown' } }] },
  })
  expect((await ask('/v3/transactions', { body: {} })).status).toBe(400)
})

test('who submits too much is told to wait, before the ledger is asked', async () => {
  const account = await world.account()
  const tx = await transactionOf({ source: account, operations: [add(newKey())], signers: [account] })
  const signersThere = async () => (await ask(`/v3/accounts/${account.keyId}/signers`)).body['data']
  const before = await signersThere()
  spent = new Date()
  expect((await ask('/v3/transactions', { body: { tx } })).status).toBe(429)
  expect(await signersThere()).toEqual(before)
  spent = undefined
  expect((await ask('/v3/transactions', { body: { tx } })).status).toBe(200)
})

test('a ledger that does not answer is an outage', async () => {
  const account = await world.account()
  const tx = await transactionOf({ source: account, operations: [add(newKey())], signers: [account] })
  away = true
  expect((await ask('/v3/transactions', { body: { tx } })).status).toBe(503)
  away = false
  expect((await ask('/v3/transactions', { body: { tx } })).status).toBe(200)
})

test('who is recovered sees what was asked, and administrators see it all; nobody else sees anything', async () => {
  const [account, key] = [await world.account(), newKey()]
  const { ledger }: { ledger: Ledger } = world
  await ledger.beginKycRecovery({ account: account.keyId, signer: key.keyId })
  const operations = [
    {
      type: 'create-kyc-recovery-request',
      requestId: 0n,
      account: account.keyId,
      signers: [signerData(key)],
      creatorDetails: '{"blob_id":"B"}',
      allTasks: undefined,
    } as const,
  ]
  const tx = await transactionOf({ source: account, operations, signers: [key] })
  expect((await ask('/v3/transactions', { body: { tx } })).status).toBe(200)
  const own = `/v3/kyc_recovery_requests?filter[requestor]=${account.keyId}`
  const seen = await ask(own, { by: key })
  expect(seen).toMatchObject({
    status: 200,
    body: {
      data: [
        {
          type: 'requests',
          attributes: { hash: expect.stringMatching(/^[0-9a-f]{64}$/), state: 'pending', state_i: 1 },
          relationships: { requestor: { data: { id: account.keyId } }, reviewer: { data: { id: master.keyId } } },
        },
      ],
      included: [
        {
          attributes: {
            creator_details: { blob_id: 'B' },
            sequence_number: 0,
            signers_data: [{ public_key: key.keyId, role_id: '2', weight: 1000 }],
          },
        },
      ],
    },
  })
  expect((await ask(own, { by: admins[0] })).body).toEqual(seen.body)
  const all = '/v3/kyc_recovery_requests?page[limit]=1'
  expect(await ask(all, { by: admins[1] })).toMatchObject({ status: 200, body: { data: [{ type: 'requests' }] } })
  expect((await ask(own, { by: newKey() })).status).toBe(401)
  expect((await ask(all, { by: key })).status).toBe(401)
  expect((await ask(all)).status).toBe(401)
})
