import { randomBytes } from 'node:crypto'
import { toBase32, totpOf, verifyIdentity } from '../attacker/identity-key.ts'
import { consume, type Handler, IdentityRefusal, signerIn, walletIn } from './parts.ts'

const list: Handler = async (parts, request) => {
  const [id] = await walletIn(parts, request)
  const factors = await parts.database.factorsOf(id)
  return { data: factors.map(({ id: factorId, type, priority }) => ({ id: factorId, type, attributes: { priority } })) }
}

const create: Handler = async (parts, request) => {
  const { database } = parts
  const [id, wallet] = await walletIn(parts, request)
  if (signerIn(request) !== wallet.signer) throw new IdentityRefusal(401)
  const password = (await database.factorsOf(id)).find(({ type }) => type === 'password')
  if (password) await consume(parts, request, { id: password.id, factor: password, walletId: id })
  const secret = toBase32(randomBytes(10))
  const factorId = database.nextFactorId()
  await database.factors.put(factorId, { walletId: id, type: 'totp', priority: 0, secret })
  request.context.status = 201
  return { data: { id: factorId, type: 'backend', attributes: { type: 'totp', secret } } }
}

/** Whose wallet the signature is for, the address says; which factor it is, its number: nobody asks whether they belong together. */
const change: Handler = async (parts, request) => {
  const { database } = parts
  const [id, wallet] = await walletIn(parts, request)
  if (signerIn(request) !== wallet.signer) throw new IdentityRefusal(401)
  const factorId = request.context.params['factor'] ?? ''
  const factor = await database.factors.get(factorId)
  if (!factor) throw new IdentityRefusal(404)
  const priority = Number(request.body.data.attributes['priority'])
  if (factor.priority === 0) await consume(parts, request, { id: factorId, factor, walletId: id })
  await database.factors.put(factorId, { ...factor, priority })
  request.context.status = 204
}

const remove: Handler = async (parts, request) => {
  const { database } = parts
  const [id, wallet] = await walletIn(parts, request)
  if (signerIn(request) !== wallet.signer) throw new IdentityRefusal(401)
  const factorId = request.context.params['factor'] ?? ''
  const factor = await database.factors.get(factorId)
  if (!factor) throw new IdentityRefusal(404)
  const password = (await database.factorsOf(id)).find(({ type }) => type === 'password')
  if (password && factor.priority > 0)
    await consume(parts, request, { id: password.id, factor: password, walletId: id })
  await database.factors.remove(factorId)
  request.context.status = 204
}

/** As often as somebody likes. */
const verify: Handler = async ({ database }, { context, body }) => {
  const { token = '', otp = '' } = body.data.attributes
  const known = await database.tokens.get(token)
  const factor = await database.factors.get(context.params['factor'] ?? '')
  if (!known || !factor) throw new IdentityRefusal(400, { meta: { field: 'token', error: `not found: ${token}` } })
  const isRight =
    factor.type === 'password'
      ? verifyIdentity(factor.secret, { text: token, signature: otp, plain: true })
      : factor.type === 'totp'
        ? [-1, 0, 1].some((step) => totpOf(factor.secret, step) === otp)
        : known.code === otp
  if (!isRight) throw new IdentityRefusal(400, { meta: { field: 'otp', error: `invalid: ${otp}` } })
  await database.tokens.put(token, { ...known, verified: true })
  context.status = 204
}

export const factorRoutes: Readonly<Record<string, Handler>> = {
  'GET /wallets/:wallet/factors': list,
  'POST /wallets/:wallet/factors': create,
  'PATCH /wallets/:wallet/factors/:factor': change,
  'DELETE /wallets/:wallet/factors/:factor': remove,
  'PUT /wallets/:wallet/factors/:factor/verification': verify,
}
