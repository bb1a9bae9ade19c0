import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { changeBody, newPassword, newRecovery, recovering, restoring, updating } from './changes.ts'
import { clientOf, refused, told, wrong } from './client.ts'
import { answering, demandIn, mailedCode, passing, passwordProof } from './demands.ts'
import {
  away,
  type HorizonWorld,
  losingAnswer,
  rejecting,
  signedThere,
  signerWith,
  startOverHorizon,
} from './horizon-world.ts'
import { newWallet, type Owner } from './owners.ts'
import { recover } from './recoveries.ts'
import { asking, resourceIn } from './resources.ts'
import { adding, rejection, removing } from './transactions.ts'

let world: HorizonWorld
beforeAll(async () => {
  world = await startOverHorizon()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.horizon.instead = undefined
})

const newKey = () => signerOf(newSeed()).keyId
const statusOf = async ({ walletId }: Pick<Owner, 'walletId'>) =>
  (await world.ask({ path: `/wallets/${walletId}` })).status
const keysOf = ({ accountId }: Pick<Owner, 'accountId'>) => world.horizon.accounts.get(accountId)?.map(({ key }) => key)
const later = [503, '5']
const outcomeOf = async (answer: ReturnType<HorizonWorld['ask']>) => {
  const { status, headers } = await answer
  return [status, headers.get('retry-after')]
}
/** What a crash or an outage left is the sweep's after a minute: this makes it one. */
const minutePasses = () =>
  world.app.sql(`update identity.changes set tried_at = tried_at - interval '2 minutes' where kind <> 'address'`)
const soon = { timeout: 90_000 }

describe('PUT /wallets', () => {
  /** A change whose password was proven: one request is left to make. */
  async function proven(operations?: Parameters<typeof signedThere>[1]) {
    const owner = await newWallet(world)
    const next = newPassword(owner)
    const swap = operations ?? [adding(next.signer.keyId), removing(owner.signer.keyId)]
    const asked = updating(
      owner,
      changeBody(next, await signedThere(owner, swap), operations && { account_id: undefined }),
    )
    const demand = demandIn(await world.ask(asked), 'password')
    expect(told(await world.ask(answering(demand, await passwordProof(demand, owner.factor))))).toEqual([204, ''])
    return { owner, next, change: () => world.ask(asked) }
  }

  test('changes the wallet when the ledger has accepted', async () => {
    const { owner, next, change } = await proven()
    expect((await change()).status).toBe(200)
    expect(keysOf(owner)).toEqual([next.signer.keyId])
    expect([await statusOf(owner), await statusOf(next)]).toEqual([404, 200])
  })

  test('changes nothing when the ledger has rejected, and tells its codes', async () => {
    const { owner, next, change } = await proven([removing(newKey())])
    const [status, text] = told(await change())
    const { detail, meta } = rejection('tx_failed', [], [])
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { errors: [{ detail, meta: { result_codes: { transaction: meta.result_codes.transaction } } }] },
    ])
    expect(keysOf(owner)).toEqual([owner.signer.keyId])
    expect([await statusOf(owner), await statusOf(next)]).toEqual([200, 404])
    await newWallet(world, { walletId: next.walletId })
  })

  test('that the ledger was away for is finished when it is back', async () => {
    const { owner, next, change } = await proven()
    world.horizon.instead = away
    expect(await outcomeOf(change())).toEqual(later)
    expect([keysOf(owner), await statusOf(owner)]).toEqual([[owner.signer.keyId], 200])
    world.horizon.instead = undefined
    await minutePasses()
    await expect.poll(() => statusOf(next), soon).toBe(200)
    expect([keysOf(owner), await statusOf(owner)]).toEqual([[next.signer.keyId], 404])
  })

  test('whose answer was lost is found to be applied by its hash, and the wallet follows its signers', async () => {
    const { owner, next, change } = await proven()
    world.horizon.instead = losingAnswer(world.horizon)
    expect(await outcomeOf(change())).toEqual(later)
    expect([keysOf(owner), await statusOf(owner), await statusOf(next)]).toEqual([[next.signer.keyId], 200, 404])
    world.horizon.instead = rejecting
    const from = world.horizon.asked.length
    await minutePasses()
    await expect.poll(() => statusOf(next), soon).toBe(200)
    expect(await statusOf(owner)).toBe(404)
    const asked = world.horizon.asked.slice(from).map(({ method, path }) => `${method} ${path}`)
    expect(asked).toContainEqual(expect.stringMatching(/^GET \/v3\/transactions\/[0-9a-f]{64}$/))
  })
})

describe('KYC recovery', () => {
  test('lets the new key in on the ledger, and the wallet opens by its new id', async () => {
    const lost = await newWallet(world)
    const { found, answer } = await recover(world, lost)
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
    expect(world.horizon.accounts.get(lost.accountId)).toEqual([signerWith(found.signer.keyId, 3)])
    expect([await statusOf(lost), await statusOf(found)]).toEqual([404, 200])
    const settings = `/identities/${lost.accountId}/settings`
    // There a recovery removes the owner's keys at once: neither reads, and nobody but an administrator brings back.
    for (const { signer } of [lost, found])
      expect(told(await world.ask({ path: settings, by: signer }))).toEqual(refused(401))
    expect(told(await world.ask(restoring(lost)))).toEqual(refused(401))
  })

  test('whose answer was lost is finished by asking who signs', async () => {
    const lost = await newWallet(world)
    const found = newRecovery(lost)
    const asked = recovering(found)
    const demand = demandIn(await world.ask(asked), 'email')
    await world.ask(answering(demand, await mailedCode(world, lost.email)))
    world.horizon.instead = losingAnswer(world.horizon)
    expect(await outcomeOf(world.ask(asked))).toEqual(later)
    expect([keysOf(lost), await statusOf(lost)]).toEqual([[found.signer.keyId], 200])
    await minutePasses()
    await expect.poll(() => statusOf(found), soon).toBe(200)
    expect(await statusOf(lost)).toBe(404)
  })

  test('is refused where the ledger has none, and nothing has changed', async () => {
    const enabled = world.horizon.values.get('kyc_recovery_enabled') ?? {}
    world.horizon.values.set('kyc_recovery_enabled', { type: { name: 'uint32', value: 1 }, u32: 0 })
    try {
      const lost = await newWallet(world)
      // Another process: this one remembers for a while what the ledger said.
      const { baseUrl } = await world.app.spawn({})
      const { found, answer } = await recover({ ...world, ask: clientOf(baseUrl) }, lost)
      expect(told(answer)).toEqual(wrong('/data/type', 'accounts are not recovered here'))
      expect([keysOf(lost), await statusOf(lost), await statusOf(found)]).toEqual([[lost.signer.keyId], 200, 404])
    } finally {
      world.horizon.values.set('kyc_recovery_enabled', enabled)
    }
  })
})

describe('co-signing', () => {
  const submit = (tx: string) => asking(['POST', '/integrations/multisig/transactions'], { tx })

  /** An account whose owner has half of what is needed, and a stored key the other half. */
  async function shared(): Promise<Owner> {
    const owner = await newWallet(world)
    const path = `/integrations/multisig/accounts/${owner.accountId}/signers`
    const body = { data: { type: 'signer', attributes: { role_id: 2, weight: 500 } } }
    const made = await world.ask(asking(['POST', path], body, owner.signer))
    expect([made.status, made.text]).toEqual([200, expect.any(String)])
    const { id, attributes } = resourceIn(made)
    const half = { weight: 500 }
    world.horizon.accounts.set(owner.accountId, [
      { ...signerWith(owner.signer.keyId, 2), ...half },
      { ...signerWith(id, 2, Number(attributes['identity'])), ...half },
    ])
    return owner
  }

  test('submits what owner and stored key have signed, once the factor was verified', async () => {
    const owner = await shared()
    const key = newKey()
    const asked = submit(await signedThere(owner, [adding(key)]))
    demandIn(await world.ask(asked), 'password')
    expect(keysOf(owner)).not.toContain(key)
    const done = await passing(world, asked, { password: owner.factor })
    expect([done.status, resourceIn(done).type]).toEqual([200, 'transactions'])
    expect(keysOf(owner)).toContain(key)
  })

  test('tells what the ledger rejected', async () => {
    const owner = await shared()
    const asked = submit(await signedThere(owner, [removing(newKey())]))
    const answer = await passing(world, asked, { password: owner.factor })
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('"transaction":"tx_failed"')])
  })

  test('says that an answer was lost, and finds the transaction when it is asked again', async () => {
    const owner = await shared()
    const key = newKey()
    const asked = submit(await signedThere(owner, [adding(key)]))
    const demand = demandIn(await world.ask(asked), 'password')
    await world.ask(answering(demand, await passwordProof(demand, owner.factor)))
    world.horizon.instead = losingAnswer(world.horizon)
    expect(told(await world.ask(asked))).toEqual(refused(408, { detail: 'Tx submit is taking too long' }))
    expect(keysOf(owner)).toContain(key)
    const again = await world.ask(asked)
    expect([again.status, resourceIn(again).type]).toEqual([200, 'transactions'])
  })

  test('comes back later while the ledger is away', async () => {
    const owner = await shared()
    const asked = submit(await signedThere(owner, [adding(newKey())]))
    const demand = demandIn(await world.ask(asked), 'password')
    await world.ask(answering(demand, await passwordProof(demand, owner.factor)))
    world.horizon.instead = away
    expect(await outcomeOf(world.ask(asked))).toEqual(later)
  })
})
