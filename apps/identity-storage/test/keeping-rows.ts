import { newEmail } from './client.ts'
import { blob, document, newPhone, owned } from './resources.ts'
import {
  administrators,
  administratorsEmpty,
  anybody,
  blobOf,
  blobOfNobody,
  documentOf,
  ownerAsked,
  ownerOrAdministrator,
  type Request,
  type Row,
} from './scene.ts'

const setting = { data: { attributes: { key: 'locale', value: 'en' } } }
const attributes = (given: object) => ({ data: { attributes: given } })
const blobs: (type: string) => Request =
  (type) =>
  ({ account }) => [`/accounts/${account}/blobs`, blob(type, newEmail())]
const blobIn: (type: string) => Request = (type) => async (scene) => [
  `/accounts/${scene.account}/blobs/${await blobOf(scene, type)}`,
]
const blobAt: (type: string) => Request = (type) => async (scene) => [`/blobs/${await blobOf(scene, type)}`]
const documents: (type: string) => Request =
  (type) =>
  ({ account }) => [`/accounts/${account}/documents`, document(type)]
const documentIn: (type: string) => Request = (type) => async (scene) => [
  `/accounts/${scene.account}/documents/${await documentOf(scene, type)}`,
]
const documentAt: (type: string) => Request = (type) => async (scene) => [`/documents/${await documentOf(scene, type)}`]
const settings: (rest?: string) => Request =
  (rest = '') =>
  ({ account }) => [`/identities/${account}/settings${rest}`]

/** What an account keeps, and what is told of it. */
export const keepingRows: readonly Row[] = [
  ['POST /accounts/{address}/blobs', 'a private one', [401, 401, 201, 201, 401, 401], blobs('kyc_form')],
  ['POST /accounts/{address}/blobs', 'a public one', [401, 401, 201, 201, 401, 401], blobs('alpha')],
  ['GET /accounts/{address}/blobs', 'what one may see', anybody, ({ account }) => [`/accounts/${account}/blobs`]],
  ['GET /accounts/{address}/blobs/{blob}', 'a private one', ownerOrAdministrator, blobIn('kyc_form')],
  ['GET /accounts/{address}/blobs/{blob}', 'a public one', anybody, blobIn('alpha')],
  [
    'POST /blobs',
    'for the account',
    [401, 401, 201, 201, 401, 201],
    ({ account }) => ['/blobs', blob('kyc_form', newEmail(), owned(account))],
  ],
  ['POST /blobs', 'for nobody', [401, 401, 401, 401, 401, 201], () => ['/blobs', blob('alpha', newEmail())]],
  ['GET /blobs/{blob}', 'a private one', ownerOrAdministrator, blobAt('kyc_poa')],
  ['GET /blobs/{blob}', 'a public one', anybody, blobAt('fund_update')],
  [
    'GET /blobs/{blob}',
    'a private one of nobody’s',
    administrators,
    async ({ world }) => [`/blobs/${await blobOfNobody(world)}`],
  ],
  ['DELETE /blobs/{blob}', 'a public one', administratorsEmpty, blobAt('alpha')],
  ['DELETE /blobs/{blob}', 'a private one', administratorsEmpty, blobAt('kyc_form')],

  ['POST /accounts/{address}/documents', 'a private one', [401, 401, 200, 200, 401, 200], documents('kyc_selfie')],
  ['POST /accounts/{address}/documents', 'a public one', [401, 401, 200, 200, 401, 200], documents('asset_logo')],
  ['GET /accounts/{address}/documents/{document}', 'a private one', ownerOrAdministrator, documentIn('kyc_selfie')],
  ['GET /accounts/{address}/documents/{document}', 'a public one', ownerOrAdministrator, documentIn('asset_logo')],
  [
    'POST /documents',
    'for the account',
    [401, 401, 200, 200, 401, 200],
    ({ account }) => ['/documents', document('kyc_poa', owned(account))],
  ],
  // Everybody has an account here but who recovers one.
  [
    'POST /documents',
    'for the account of one’s own key',
    [401, 200, 200, 401, 200, 200],
    () => ['/documents', document('kyc_poa')],
  ],
  ['GET /documents/{document}', 'a private one', ownerOrAdministrator, documentAt('kyc_poa')],
  ['GET /documents/{document}', 'a public one', ownerOrAdministrator, documentAt('asset_logo')],

  ['GET /data/enums', 'all', anybody, () => ['/data/enums']],
  ['GET /identities/{address}/settings', 'all', ownerOrAdministrator, settings()],
  [
    'PUT /identities/{address}/settings',
    'one',
    [401, 401, 200, 401, 401, 401],
    ({ account }) => [`/identities/${account}/settings`, setting],
  ],
  ['GET /identities/{address}/settings/{key}', 'one', ownerOrAdministrator, settings('/locale')],
  [
    'PUT /identities/{address}/settings/phone',
    'a number',
    ownerAsked,
    ({ account }) => [`/identities/${account}/settings/phone`, attributes({ phone: newPhone() })],
  ],
  [
    'PUT /identities/{address}/settings/telegram',
    'a username, where there is no bot',
    [401, 501, 501, 501, 501, 501],
    ({ account }) => [`/identities/${account}/settings/telegram`, attributes({ username: '@ann_example' })],
  ],
  [
    'PUT /identities/{address}/settings/passport',
    'a passport',
    [401, 401, 204, 401, 401, 401],
    ({ account }) => [`/identities/${account}/settings/passport`, attributes({ passport: 'AB 123' })],
  ],
]
