import { newSeed, signerOf } from '@strongroom/identity-client'
import { newEmail } from './client.ts'
import { atLarge, toSale } from './resources.ts'
import {
  administrators,
  administratorsEmpty,
  anybody,
  created,
  invited,
  newNobody,
  ownerAsked,
  type Request,
  type Row,
  type Statuses,
} from './scene.ts'
import { adding, envelopeOf } from './transactions.ts'

const whoSells: Statuses = [401, 401, 401, 401, 204, 204]
const one = () => ({ attributes: { email: newEmail() } })
const newSigner = () => ({ id: signerOf(newSeed()).keyId, attributes: { role_id: 2, weight: 1000, identity: 2 } })
const storedSigner = { data: { type: 'signer', attributes: { role_id: 2, weight: 500 } } }

const accountWithSigner: Request = () => {
  const signer = newSigner()
  const signers = { data: [{ id: signer.id, type: 'signer' }] }
  const data = { id: signerOf(newSeed()).keyId, type: 'identity-account', relationships: { signers } }
  return ['/accounts', { data, included: [{ type: 'signer', ...signer }] }]
}

const nobodys: Request = async ({ world }) => {
  const email = newEmail()
  await newNobody(world, { email })
  return [`/identities/${email}`]
}

const takingBack: (data: (sale: string) => { type: string }) => Request =
  (data) =>
  async ({ world, people }) => {
    const given = data(people.sale)
    return ['/invites', { data: [{ type: given.type, id: await invited(world, given) }] }]
  }

/** Nobody signs the request: whoever signed the transaction asks. */
const transactionTo: (path: string) => Request =
  (path) =>
  async ({ world, people, account }, caller) => {
    const by = people.keys[caller]
    const operations = [adding(signerOf(newSeed()).keyId)]
    return [path, { tx: await envelopeOf(world.ask, { source: account, operations, signers: by ? [by] : [] }) }]
  }

/** Who somebody is, who is invited, and who signs. */
export const peopleRows: readonly Row[] = [
  ['GET /identities', 'without a filter', [400, 400, 400, 400, 400, 200], () => ['/identities']],
  ['GET /identities', 'by a filter', anybody, ({ people }) => [`/identities?filter[email]=${people.owner.email}`]],
  ['GET /identities/full', 'all', administrators, () => ['/identities/full']],
  [
    'GET /identities/full',
    'by a filter',
    administrators,
    ({ account }) => [`/identities/full?filter[address]=${account}`],
  ],
  ['POST /identities', 'one', anybody, () => ['/identities', { data: one() }]],
  ['POST /identities', 'many', administrators, () => ['/identities', { data: [one()] }]],
  ['POST /identities/mass-create', 'many', administrators, () => ['/identities/mass-create', { data: [one()] }]],
  [
    'POST /identities/mass-emails',
    'many',
    administrators,
    ({ account }) => ['/identities/mass-emails', { data: [{ id: account, type: 'account' }] }],
  ],
  ['DELETE /identities/{identifier}', 'what is nobody’s', administratorsEmpty, nobodys],
  [
    'DELETE /identities/{identifier}',
    'a user’s',
    [401, 401, 401, 401, 401, 403],
    ({ people }) => [`/identities/${people.owner.email}`],
  ],
  ['POST /verification', 'a token', administrators, () => ['/verification', { data: one() }]],
  ['POST /accounts', 'with a signer', created, accountWithSigner],
  [
    'POST /identities/{address}/signers',
    'to what is nobody’s',
    [401, 401, 401, 401, 401, 201],
    async ({ world }) => [`/identities/${await newNobody(world)}/signers`, { data: newSigner() }],
  ],
  [
    'POST /identities/{address}/signers',
    'to a user’s',
    [401, 401, 401, 401, 401, 403],
    ({ account }) => [`/identities/${account}/signers`, { data: newSigner() }],
  ],

  ['POST /invites', 'to a sale', whoSells, ({ people }) => ['/invites', { data: toSale(newEmail(), people.sale) }]],
  ['POST /invites', 'to another’s sale', administratorsEmpty, () => ['/invites', { data: toSale(newEmail(), '12') }]],
  ['POST /invites', 'at large', administratorsEmpty, () => ['/invites', { data: atLarge(newEmail()) }]],
  [
    'POST /invites_multi',
    'to a sale',
    whoSells,
    ({ people }) => ['/invites_multi', { data: [toSale(newEmail(), people.sale)] }],
  ],
  [
    'POST /invites_multi',
    'to a sale and at large',
    administratorsEmpty,
    ({ people }) => ['/invites_multi', { data: [toSale(newEmail(), people.sale), atLarge(newEmail())] }],
  ],
  [
    'GET /invites',
    'to a sale',
    [401, 401, 401, 401, 200, 200],
    ({ people }) => [`/invites?filter[sale-id]=${people.sale}`],
  ],
  ['GET /invites', 'to another’s sale', administrators, () => ['/invites?filter[sale-id]=12']],
  ['GET /invites', 'all', administrators, () => ['/invites']],
  ['GET /invites', 'all, by an empty filter', administrators, () => ['/invites?filter[sale-id]=']],
  ['DELETE /invites', 'to a sale', whoSells, takingBack((sale) => toSale(newEmail(), sale))],
  ['DELETE /invites', 'to another’s sale', administratorsEmpty, takingBack(() => toSale(newEmail(), '12'))],
  ['DELETE /invites', 'at large', administratorsEmpty, takingBack(() => atLarge(newEmail()))],
  [
    'DELETE /invites',
    'what is none',
    administratorsEmpty,
    () => ['/invites', { data: [{ type: 'general-invite', id: 999_999 }] }],
  ],

  [
    'POST /integrations/multisig/accounts/{address}/signers',
    'a key',
    [401, 401, 200, 401, 401, 401],
    ({ account }) => [`/integrations/multisig/accounts/${account}/signers`, storedSigner],
  ],
  [
    'POST /integrations/multisig/transactions',
    'signed by the caller',
    ownerAsked,
    transactionTo('/integrations/multisig/transactions'),
  ],
  ['POST /transactions', 'signed by the caller', ownerAsked, transactionTo('/transactions')],
]
