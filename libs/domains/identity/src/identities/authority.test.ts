import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { callers, type People, people } from '../../test/callers.ts'
import { makeNobodys } from '../../test/identity-look-ups.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { signingKey } from '../../test/signing-key.ts'
import { newEmail, newPhone } from '../../test/wallet-owner.ts'
import { keepSale } from '../ledger/sales.ts'

let world: IdentityWorld
let all: People
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  all = await people(world, keepSale)
})

interface Request {
  readonly method: string
  readonly target: string
  readonly body?: unknown
}

const data = (attributes: object) => ({ data: { attributes } })
const newSigner = () => ({ id: signingKey().id, attributes: { role_id: 2, weight: 1000, identity: 2 } })

/** Status for unsigned, stranger, owner, recovering, sale owner, administrator. */
type Row = readonly [number, number, number, number, number, number]

const requests: readonly (readonly [string, Row, () => Request | Promise<Request>])[] = [
  ['list all', [400, 400, 400, 400, 400, 200], () => ({ method: 'GET', target: '/identities' })],
  [
    'look for one',
    [200, 200, 200, 200, 200, 200],
    () => ({ method: 'GET', target: `/identities?filter[email]=${all.user.email}` }),
  ],
  [
    'list with all that is known',
    [401, 401, 401, 401, 401, 200],
    () => ({ method: 'GET', target: `/identities/full?filter[email]=${all.user.email}` }),
  ],
  [
    'make an account for somebody',
    [200, 200, 200, 200, 200, 200],
    () => ({ method: 'POST', target: '/identities', body: data({ email: newEmail() }) }),
  ],
  [
    'make accounts for many',
    [401, 401, 401, 401, 401, 200],
    () => ({ method: 'POST', target: '/identities', body: { data: [{ attributes: { email: newEmail() } }] } }),
  ],
  [
    'make accounts for many, by the other path',
    [401, 401, 401, 401, 401, 200],
    () => ({
      method: 'POST',
      target: '/identities/mass-create',
      body: { data: [{ attributes: { email: newEmail() } }] },
    }),
  ],
  [
    'ask whose accounts these are',
    [401, 401, 401, 401, 401, 200],
    () => ({
      method: 'POST',
      target: '/identities/mass-emails',
      body: { data: [{ id: all.user.account, type: 'account' }] },
    }),
  ],
  [
    'set a number',
    [401, 401, 403, 401, 401, 401],
    () => ({
      method: 'PUT',
      target: `/identities/${all.user.account}/settings/phone`,
      body: data({ phone: newPhone() }),
    }),
  ],
  [
    'set a username',
    [401, 401, 403, 401, 401, 401],
    () => ({
      method: 'PUT',
      target: `/identities/${all.user.account}/settings/telegram`,
      body: data({ username: '@ann_example' }),
    }),
  ],
  [
    'set a passport',
    [401, 401, 204, 401, 401, 401],
    () => ({
      method: 'PUT',
      target: `/identities/${all.user.account}/settings/passport`,
      body: data({ passport: 'AB 1' }),
    }),
  ],
  [
    'delete what is nobody’s',
    [401, 401, 401, 401, 401, 204],
    async () => {
      const email = newEmail()
      await makeNobodys(world, { email })
      return { method: 'DELETE', target: `/identities/${email}` }
    },
  ],
  [
    'delete a person',
    [401, 401, 401, 401, 401, 403],
    () => ({ method: 'DELETE', target: `/identities/${encodeURIComponent(all.user.email)}` }),
  ],
  [
    'ask for the token of an address',
    [401, 401, 401, 401, 401, 200],
    () => ({ method: 'POST', target: '/verification', body: data({ email: newEmail() }) }),
  ],
  [
    'make an account with signers',
    [201, 201, 201, 201, 201, 201],
    () => {
      const signer = newSigner()
      const relationships = { signers: { data: [{ id: signer.id, type: 'signer' }] } }
      return {
        method: 'POST',
        target: '/accounts',
        body: { data: { id: signingKey().id, relationships }, included: [{ type: 'signer', ...signer }] },
      }
    },
  ],
  [
    'add a signer to what is nobody’s',
    [401, 401, 401, 401, 401, 201],
    async () => {
      const account = await makeNobodys(world, { email: newEmail() })
      return { method: 'POST', target: `/identities/${account}/signers`, body: { data: newSigner() } }
    },
  ],
  [
    'add a signer to a person’s account',
    [401, 401, 401, 401, 401, 403],
    () => ({ method: 'POST', target: `/identities/${all.user.account}/signers`, body: { data: newSigner() } }),
  ],
]

test.each(requests)('who may %s', async (_, expected, request) => {
  for (const [index, caller] of callers.entries()) {
    const { method, target, body } = await request()
    const { status } = await world.ask(method, target, { by: all.keys[caller], body })
    expect([caller, status]).toEqual([caller, expected[index]])
  }
})
