import { newEmail } from './client.ts'
import { blob, document, owned } from './resources.ts'
import {
  administratorsEmpty,
  anybody,
  blobOf,
  documentOf,
  ownerOrAdministrator,
  type Row,
  type Scene,
  type Statuses,
} from './scene.ts'

/** As the contract lists them, not as the code does. */
const publicBlobs = [
  'asset_description',
  'fund_overview',
  'fund_update',
  'nav_update',
  'fund_document',
  'alpha',
  'bravo',
  'charlie',
  'delta',
  'token_terms',
  'token_metrics',
]
const privateBlobs = ['kyc_form', 'kyc_id_document', 'kyc_poa', 'identity_mind_reject']
const documentTypes = [
  'asset_logo',
  'fund_logo',
  'fund_document',
  'nav_report',
  'alpha',
  'bravo',
  'charlie',
  'delta',
  'token_terms',
  'token_metrics',
  'kyc_id_document',
  'kyc_poa',
  'kyc_selfie',
  'general_public',
  'general_private',
  'asset_photo',
]

/** Made once, by the owner: a read changes nothing. */
function once(make: (scene: Scene, type: string) => Promise<string>): (scene: Scene, type: string) => Promise<string> {
  const made = new Map<string, Promise<string>>()
  return (scene, type) => {
    const known = made.get(type) ?? make(scene, type)
    made.set(type, known)
    return known
  }
}
const keptBlob = once(blobOf)
const keptDocument = once(documentOf)

const broughtByAll: Statuses = [401, 401, 201, 201, 401, 201]
const broughtByOwners: Statuses = [401, 401, 201, 201, 401, 401]
const uploaders: Statuses = [401, 401, 200, 200, 401, 200]

/** What a key that recovery let in would replace. */
const but = (statuses: Statuses, type: string): Statuses =>
  type === 'nav_update' ? (statuses.with(3, 401) as unknown as Statuses) : statuses

const blobRows = (type: string, readers: Statuses): readonly Row[] => [
  [
    'POST /accounts/{address}/blobs',
    type,
    but(broughtByOwners, type),
    ({ account }) => [`/accounts/${account}/blobs`, blob(type, newEmail())],
  ],
  ['POST /blobs', type, but(broughtByAll, type), ({ account }) => ['/blobs', blob(type, newEmail(), owned(account))]],
  [
    'GET /accounts/{address}/blobs/{blob}',
    type,
    readers,
    async (scene) => [`/accounts/${scene.account}/blobs/${await keptBlob(scene, type)}`],
  ],
  ['GET /blobs/{blob}', type, readers, async (scene) => [`/blobs/${await keptBlob(scene, type)}`]],
  ['DELETE /blobs/{blob}', type, administratorsEmpty, async (scene) => [`/blobs/${await blobOf(scene, type)}`]],
]

const documentRows = (type: string): readonly Row[] => [
  [
    'POST /accounts/{address}/documents',
    type,
    uploaders,
    ({ account }) => [`/accounts/${account}/documents`, document(type)],
  ],
  ['POST /documents', type, uploaders, ({ account }) => ['/documents', document(type, owned(account))]],
  [
    'GET /accounts/{address}/documents/{document}',
    type,
    ownerOrAdministrator,
    async (scene) => [`/accounts/${scene.account}/documents/${await keptDocument(scene, type)}`],
  ],
  [
    'GET /documents/{document}',
    type,
    ownerOrAdministrator,
    async (scene) => [`/documents/${await keptDocument(scene, type)}`],
  ],
]

/** Each type of blobs and documents by itself. */
export const typeRows: readonly Row[] = [
  ...publicBlobs.flatMap((type) => blobRows(type, anybody)),
  ...privateBlobs.flatMap((type) => blobRows(type, ownerOrAdministrator)),
  ...documentTypes.flatMap(documentRows),
]
