import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import vectors from '../../../test/vectors/tokend-envelope.json' with { type: 'json' }
import { NETWORK, refused, startIdentityStorage, tally, told, type World, wrong } from './client.ts'
import { newOwner, newWallet, type Owner } from './owners.ts'
import { recovered, requestSigners, requestsOf, review } from './recoveries.ts'
import { adding, badAuth, envelopeOf, rejection, removing, signersOf, submitting } from './transactions.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const submit = async (wish: Parameters<typeof envelopeOf>[1]) =>
  world.ask(submitting(await envelopeOf(world.ask, wish)))
const newKey = () => signerOf(newSeed())

test('what network this is, and whose: as published clients ask first', async () => {
  const { status, body } = await world.ask({ path: '/' })
  expect([status, body]).toEqual([
    200,
    {
      network_passphrase: NETWORK,
      master_account_id: world.admin.keyId,
      tx_expiration_period: 604_800,
      current_time: expect.any(Number) as number,
      precision: 1_000_000,
    },
  ])
})

const entry = (id: string, value: object): [number, string] => [
  200,
  JSON.stringify({ data: { id, type: 'key-value-entries', attributes: { value } } }),
]

describe('a key value', () => {
  test.each([
    entry('signer_role:default', { type: { name: 'uint32', value: 1 }, u32: 2 }),
    entry('kyc_recovery_signer_role', { type: { name: 'uint64', value: 3 }, u64: 3 }),
    entry('kyc_recovery_enabled', { type: { name: 'uint32', value: 1 }, u32: 1 }),
    entry('account_role:unverified', { type: { name: 'uint32', value: 1 }, u32: 3 }),
  ])('is told in a member of its type', async (status, text) => {
    const { id } = (JSON.parse(text) as { data: { id: string } }).data
    expect(told(await world.ask({ path: `/v3/key_values/${id}` }))).toEqual([status, text])
  })

  test('that is not there is 404', async () => {
    for (const key of ['signer_role:none', 'constructor'])
      expect(told(await world.ask({ path: `/v3/key_values/${key}` }))).toEqual(refused(404))
  })
})

describe('the signers of an account', () => {
  test('are told with role, weight, identity and details', async () => {
    const { accountId: id, signer } = await newWallet(world)
    const data = {
      id: signer.keyId,
      type: 'signers',
      attributes: { weight: 1000, identity: 1, details: {} },
      relationships: { role: { data: { id: '2', type: 'signer-roles' } }, account: { data: { id, type: 'accounts' } } },
    }
    const path = `/v3/accounts/${id}/signers`
    expect(told(await world.ask({ path }))).toEqual([200, JSON.stringify({ data: [data], links: { self: path } })])
  })

  test('of the master account are its administrators; of an account that nobody made, 404', async () => {
    expect(await signersOf(world.ask, world.admin.keyId)).toEqual([world.admin.keyId])
    expect(told(await world.ask({ path: `/v3/accounts/${newKey().keyId}/signers` }))).toEqual(refused(404))
  })
})

const swapping = async () => {
  const owner = await newWallet(world)
  const next = newKey()
  const operations = [adding(next.keyId), removing(owner.signer.keyId)]
  return {
    owner,
    next,
    tx: await envelopeOf(world.ask, { source: owner.accountId, operations, signers: [owner.signer] }),
  }
}

const failed = (code: string) => [
  400,
  { errors: [{ meta: { result_codes: { transaction: 'tx_failed', operations: [code] } } }] },
]

describe('a transaction', () => {
  test('is applied, and told as Horizon tells it; sent again, it has the same answer and no second effect', async () => {
    const { owner, next, tx } = await swapping()
    const applied = await world.ask(submitting(tx))
    expect([applied.status, applied.body]).toMatchObject([
      200,
      {
        data: {
          id: expect.stringMatching(/^\d+$/) as string,
          type: 'transactions',
          attributes: {
            envelope_xdr: tx,
            hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
            result_meta_xdr: '',
          },
          relationships: { source: { data: { id: owner.accountId, type: 'accounts' } } },
        },
      },
    ])
    for (const body of [{ tx, wait_for_ingest: true }, { data: { attributes: { tx, wait_for_ingest: false } } }])
      expect(told(await world.ask({ ...submitting(tx), body }))).toEqual(told(applied))
    expect(await signersOf(world.ask, owner.accountId)).toEqual([next.keyId])
  })

  test('is applied once, of ten at the same time', async () => {
    const { owner, next, tx } = await swapping()
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.ask(submitting(tx))))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect([answers[0]?.status, await signersOf(world.ask, owner.accountId)]).toEqual([200, [next.keyId]])
  })

  test('of two that exclude each other is one', async () => {
    const owner = await newWallet(world)
    const keys = [newKey(), newKey()]
    const swap = ({ keyId }: { keyId: string }) => ({
      source: owner.accountId,
      operations: [adding(keyId), removing(owner.signer.keyId)],
      signers: [owner.signer],
    })
    const answers = await Promise.all(keys.map((key) => submit(swap(key))))
    expect(tally(answers)).toEqual({ 200: 1, 400: 1 })
    const won = keys[answers[0]?.status === 200 ? 0 : 1]
    expect(await signersOf(world.ask, owner.accountId)).toEqual([won?.keyId])
  })

  test.each([
    ['not-base64', 'not base64!'],
    ['truncated', 'AAAAAA=='],
    ['operation-unknown', vectors.stampOperation.envelope],
  ])('that cannot be read is told why: %s', async (fault, tx) => {
    const expected = refused(400, {
      detail: 'Your request was invalid in some way',
      meta: { field: 'tx', error: fault },
    })
    expect(told(await world.ask(submitting(tx)))).toEqual(expected)
  })

  test('of another network, or another key, is none', async () => {
    const { accountId: source, signer } = await newWallet(world)
    const wish = { source, operations: [adding(newKey().keyId)], signers: [signer] }
    for (const bad of [
      { network: 'TokenD Developer Network' },
      { signers: [newKey()] },
      { signers: [world.admin] },
      { signers: [] },
    ])
      expect(told(await submit({ ...wish, ...bad }))).toEqual(refused(400, badAuth))
    const extra = rejection('tx_bad_auth_extra', [], ['A signature is not needed.'])
    for (const signers of [
      [signer, newKey()],
      [signer, signer],
    ])
      expect(told(await submit({ ...wish, signers }))).toEqual(refused(400, extra))
    expect(await signersOf(world.ask, source)).toEqual([signer.keyId])
  })

  test('leaves no account without owners', async () => {
    const { accountId: source, signer } = await newWallet(world)
    const { status, body } = await submit({ source, operations: [removing(signer.keyId)], signers: [signer] })
    expect([status, body]).toMatchObject([
      400,
      { errors: [{ meta: { result_codes: { transaction: 'tx_failed', operations: ['op_not_allowed'] } } }] },
    ])
    expect(await signersOf(world.ask, source)).toEqual([signer.keyId])
  })

  test('of the master account changes none of its signers, and lets a key into another’s only as a recovery', async () => {
    const { accountId, signer } = await newWallet(world)
    const [source, signers] = [world.admin.keyId, [world.admin]]
    const own = await submit({ source, operations: [adding(newKey().keyId)], signers })
    expect([own.status, own.body]).toMatchObject(failed('op_not_allowed'))
    const foreign = await submit({ source, operations: [adding(newKey().keyId)], signers, operationSource: accountId })
    expect(told(foreign)).toEqual(refused(400, badAuth))
    const eve = newKey()
    const operations = [{ type: 'initiate-kyc-recovery', account: accountId, signer: eve.keyId }] as const
    expect((await submit({ source, operations, signers })).status).toBe(200)
    expect(await signersOf(world.ask, accountId)).toEqual([signer.keyId, eve.keyId].toSorted())
    const taken = await submit({ source: accountId, operations: [removing(eve.keyId)], signers: [signer] })
    expect([taken.status, await signersOf(world.ask, accountId)]).toEqual([200, [signer.keyId]])
  })

  test('is none of anybody who has no account', async () => {
    const key = newKey()
    const answer = await submit({ source: key.keyId, operations: [adding(newKey().keyId)], signers: [key] })
    expect(told(answer)).toEqual(refused(400, rejection('tx_no_account', [], ['There is no such account.'])))
  })
})

describe('requests of recoveries', () => {
  const path = '/v3/kyc_recovery_requests'
  const own = ({ accountId }: Owner) => `${path}?filter[requestor]=${accountId}`

  test('are listed to administrators, and an account’s own to whoever signs for it, the key that was let in too', async () => {
    const { lost, found } = await recovered(world)
    await requestSigners(world, found, [found.signer.keyId])
    for (const by of [world.admin, lost.signer, found.signer]) {
      const { status, body } = await world.ask({ path: own(lost), by })
      expect([status, body]).toMatchObject([
        200,
        {
          data: [
            {
              type: 'requests',
              attributes: { state: 'pending', reject_reason: '' },
              relationships: { requestor: { data: { id: lost.accountId } } },
            },
          ],
          included: [
            {
              type: 'request-details-kyc-recovery',
              attributes: {
                creator_details: { blob_id: 'papers' },
                signers_data: [{ public_key: found.signer.keyId, role_id: '2', weight: 1000 }],
              },
            },
          ],
        },
      ])
    }
    const all = await world.ask({ path, by: world.admin })
    expect(JSON.stringify(all.body)).toContain(lost.accountId)
  })

  test('are nobody else’s', async () => {
    const { lost } = await recovered(world)
    const eve = await newWallet(world)
    for (const [one, by] of [
      [path, lost.signer],
      [own(lost), eve.signer],
      [own(lost), lost.factor],
      [own({ ...lost, accountId: world.admin.keyId }), lost.signer],
    ] as const)
      expect(told(await world.ask({ path: one, by }))).toEqual(refused(401))
    for (const one of [path, own(lost)]) expect(told(await world.ask({ path: one }))).toEqual(refused(401))
  })

  test('are listed page by page, and say where the next one is', async () => {
    const { lost, found } = await recovered(world)
    await requestSigners(world, found, [found.signer.keyId])
    const { lost: second, found: again } = await recovered(world)
    await requestSigners(world, again, [again.signer.keyId])
    const { body } = await world.ask({ path: `${path}?page[limit]=1`, by: world.admin })
    const { data, links } = body as {
      data: { relationships: { requestor: { data: { id: string } } } }[]
      links: Record<string, string>
    }
    expect(data.map(({ relationships }) => relationships.requestor.data.id)).toEqual([second.accountId])
    expect(links).toMatchObject({
      self: `${path}?page[number]=1&page[limit]=1`,
      next: `${path}?page[number]=2&page[limit]=1`,
    })
    const { body: next } = await world.ask({ path: links['next'] ?? '', by: world.admin })
    expect(JSON.stringify(next)).toContain(lost.accountId)
    for (const bad of ['page[limit]=0', 'page[limit]=101', 'page[number]=0', 'page[number]=x']) {
      const [field = ''] = bad.split('=')
      const answer = await world.ask({ path: `${path}?${bad}`, by: world.admin })
      expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ meta: { field } }] }])
    }
    expect(told(await world.ask({ path: `${path}?filter[requestor]=x`, by: world.admin }))).toEqual(
      wrong('filter[requestor]', 'is no account key'),
    )
  })

  test('that were sent back may be asked again, and what was reviewed is what is approved', async () => {
    const { found } = await recovered(world)
    await requestSigners(world, found, [found.signer.keyId])
    expect((await review(world, found.accountId, { action: 'reject' })).status).toBe(200)
    const [rejected] = await requestsOf(world, found.accountId)
    expect(rejected?.attributes).toMatchObject({ state: 'rejected', reject_reason: 'the papers are blurred' })
    const again = await review(world, found.accountId, { action: 'approve' })
    expect([again.status, again.body]).toMatchObject([
      400,
      { errors: [{ meta: { result_codes: { operations: ['op_not_found'] } } }] },
    ])
    const stale = { id: rejected?.id ?? '', hash: '00'.repeat(32) }
    const [source, signers] = [world.admin.keyId, [world.admin]]
    const details = { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '' }
    const operations = [
      {
        type: 'review-request',
        requestId: BigInt(stale.id),
        requestHash: stale.hash,
        action: 'approve',
        reason: '',
        details,
      },
    ] as const
    expect((await submit({ source, operations, signers })).status).toBe(400)
    expect(await signersOf(world.ask, newOwner(found).accountId)).toContain(found.signer.keyId)
  })
})
