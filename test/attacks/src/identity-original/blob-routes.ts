import { sha256, toBase32 } from '../attacker/identity-key.ts'
import { type Handler, IdentityRefusal, signerIn } from './parts.ts'

/** Bits of the types that somebody here uses. */
const bits: Readonly<Record<string, number>> = { asset_description: 1, alpha: 32, kyc_form: 2048, kyc_poa: 8192 }

/** Of owner, type and value, the private ones as well: whoever can guess a form can look whether it is there. */
const create: Handler = async ({ database }, request) => {
  signerIn(request)
  const { type, attributes, relationships } = request.body.data
  const owner = request.context.params['address'] ?? relationships?.['owner']?.data.id ?? ''
  const { value = '' } = attributes
  const id = toBase32(sha256(`${owner}${String(bits[type])}`, value))
  await database.blobs.put(id, { owner, type, value })
  request.context.status = 201
  return { data: { id, type, attributes: { value } } }
}

/** A private one by whoever signs for the account in the address, whosever the blob is. */
const read: Handler = async ({ database }, request) => {
  const { address, blob: id = '' } = request.context.params
  const blob = await database.blobs.get(id)
  if (!blob) throw new IdentityRefusal(404)
  if (blob.type.startsWith('kyc') && signerIn(request) !== address) throw new IdentityRefusal(401)
  return { data: { id, type: blob.type, attributes: { value: blob.value } } }
}

const remove: Handler = async ({ database }, { context }) => {
  await database.blobs.remove(context.params['blob'] ?? '')
  context.status = 204
}

export const blobRoutes: Readonly<Record<string, Handler>> = {
  'POST /accounts/:address/blobs': create,
  'POST /blobs': create,
  'GET /accounts/:address/blobs/:blob': read,
  'DELETE /blobs/:blob': remove,
}
