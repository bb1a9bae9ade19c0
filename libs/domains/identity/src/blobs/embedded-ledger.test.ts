import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepingWorld, type KeepingWorld, resourceIn } from '../../test/keeping-world.ts'
import { type SigningKey, signingKey } from '../../test/signing-key.ts'

let world: KeepingWorld
beforeAll(async () => {
  world = await keepingWorld('embedded ledger')
})
afterAll(() => world.close())

test('on the embedded ledger too: owners, administrators, and keys that recovery let in', async () => {
  const [account, owner, recovery, guest] = [signingKey().id, signingKey(), signingKey(), signingKey()]
  const signer = { weight: 1000, role: 2, identity: 1, details: '{}' }
  const signers = [
    { ...signer, key: owner.id },
    { ...signer, key: recovery.id, role: 1, identity: 2 },
  ]
  expect(await world.embedded.createAccount({ account, signers })).toBe('created')
  const make = (as: SigningKey, value: string) =>
    world.ask('POST', `/accounts/${account}/blobs`, {
      as,
      body: { data: { type: 'kyc_form', attributes: { value } } },
    })
  const theirs = resourceIn(await make(owner, 'the owner’s')).id
  const statuses = async () => {
    const answers = []
    for (const as of [owner, recovery, guest, world.admin])
      answers.push((await world.ask('GET', `/blobs/${theirs}`, { as })).status)
    return answers
  }
  expect(await statuses()).toEqual([200, 401, 401, 200])

  expect(await make(guest, 'the guest’s')).toMatchObject({ status: 401 })
  expect(await world.embedded.beginKycRecovery({ account, signer: guest.id })).toBe('begun')
  const brought = await make(guest, 'the guest’s')
  expect(brought).toMatchObject({ status: 201 })
  expect(await world.ask('GET', `/blobs/${resourceIn(brought).id}`, { as: guest })).toMatchObject({ status: 200 })
  expect(await statuses()).toEqual([200, 401, 401, 200])
  expect(await world.ask('GET', `/identities/${account}/settings`, { as: guest })).toMatchObject({ status: 401 })

  expect(await world.embedded.cancelKycRecovery({ account, signer: guest.id })).toBe('cancelled')
  expect(await world.ask('GET', `/blobs/${resourceIn(brought).id}`, { as: guest })).toMatchObject({ status: 401 })
  expect(await world.ask('GET', `/identities/${account}/settings`, { as: owner })).toMatchObject({ status: 200 })
})
