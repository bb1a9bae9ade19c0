import { randomBytes } from 'node:crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { ledgerSigner, signerData } from '../../test/ledger-world.ts'
import { signerOf } from '../../test/transaction-signers.ts'
import { writeRequest } from './recovery-request.ts'
import { recoveryStamp, signerStamp } from './stamps.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** A name that is a number sends V8 along the road that recurs. */
const tooDeep = (levels: number) => `${'['.repeat(levels)}{"0":1}${']'.repeat(levels)}`

test('what an older release took and nobody could write is shown empty, and hides nothing else', async () => {
  const { ledger, hsm, admin } = world
  const [owner, key] = [signerOf(randomBytes(32)), signerOf(randomBytes(32))]
  const account = owner.keyId
  await ledger.createAccount({ account, signers: [ledgerSigner(owner)] })
  await ledger.beginKycRecovery({ account, signer: key.keyId })
  const { id, version } = await world.sql.one(
    z.object({ id: z.coerce.number(), version: z.uuid() }),
    sql`select id, version from identity.ledger_recoveries join identity.ledger_accounts using (account) where account = ${account}`,
  )
  const place = { account, version }
  const signer = ledgerSigner(owner, { details: tooDeep(2000) })
  await world.sql.run(sql`
    update identity.ledger_signers set details = ${signer.details}, stamp = ${await signerStamp(hsm, place, signer)}
     where account = ${account} and key = ${owner.keyId}`)
  const signers = [signerData(key, { details: tooDeep(2000) })]
  const request = { account, signers, creatorDetails: tooDeep(8000), sequence: 0 }
  const recovery = { id, signer: key.keyId, state: 'requested', request, rejectReason: undefined } as const
  await world.sql.run(sql`
    update identity.ledger_recoveries
       set state = 'requested', request = ${writeRequest(request)}, stamp = ${await recoveryStamp(hsm, place, recovery)}
     where id = ${id}`)

  expect(await world.ask('GET', '/v3/kyc_recovery_requests', { by: admin })).toMatchObject({
    status: 200,
    body: {
      data: [{ id: String(id), relationships: { requestor: { data: { id: account } } } }],
      included: [{ attributes: { creator_details: {}, signers_data: [{ public_key: key.keyId, details: {} }] } }],
    },
  })
  const { body } = await world.ask('GET', `/v3/accounts/${account}/signers`)
  expect((body as { data: object[] }).data).toContainEqual(
    expect.objectContaining({ id: owner.keyId, attributes: { weight: 1000, identity: 1, details: {} } }),
  )
})
