import { randomInt } from 'node:crypto'
import type { FactorRecord, WalletRecord } from './database.ts'
import { type Body, consume, type Handler, IdentityRefusal, type IdentityParts, signerIn, walletIn } from './parts.ts'

const letters = (count: number): string =>
  Array.from({ length: count }, () => String.fromCodePoint(97 + randomInt(26))).join('')

const shown = (id: string, { accountId, email, keychain, verified }: WalletRecord) => ({
  data: { id, type: 'wallet', attributes: { account_id: accountId, email, keychain_data: keychain, verified } },
})

function mailToken({ send }: IdentityParts, walletId: string, { email, token }: WalletRecord): void {
  const payload = { type: 'api-verify', meta: { token, wallet_id: walletId } }
  send(email, `Verify: http://client.example/r/${Buffer.from(JSON.stringify(payload)).toString('base64url')}`)
}

const passwordIn = ({ included = [] }: Body) => {
  const {
    account_id = '',
    keychain_data = '',
    salt = '',
  } = included.find(({ type }) => type === 'password')?.attributes ?? {}
  return { secret: account_id, keychain: keychain_data, salt }
}

const signUp: Handler = async (parts, { body, context }) => {
  const { database } = parts
  const { id, attributes, relationships } = body.data
  const { email = '', account_id: accountId = '', salt = '', keychain_data: keychain = '' } = attributes
  if ((await database.wallets.get(id)) ?? (await database.walletOf(email))) throw new IdentityRefusal(409)
  const [signer] = (relationships?.['signers']?.data as unknown as { id: string }[] | undefined) ?? []
  const wallet = {
    email,
    accountId,
    signer: signer?.id ?? accountId,
    salt,
    keychain,
    verified: false,
    token: letters(20),
  }
  await database.wallets.put(id, wallet)
  const password = { walletId: id, type: 'password', priority: 1, ...passwordIn(body) }
  await database.factors.put(database.nextFactorId(), password)
  mailToken(parts, id, wallet)
  context.status = 201
  return shown(id, wallet)
}

const verify: Handler = async (parts, request) => {
  const [id, wallet] = await walletIn(parts, request)
  const { token } = request.body.data.attributes
  if (token !== wallet.token)
    throw new IdentityRefusal(400, { meta: { field: 'token', error: `wrong: ${String(token)}` } })
  await parts.database.wallets.put(id, { ...wallet, verified: true })
  request.context.status = 204
}

const resend: Handler = async (parts, request) => {
  const [id, wallet] = await walletIn(parts, request)
  mailToken(parts, id, wallet)
  request.context.status = 204
}

type Known = FactorRecord & { id: string }

async function pass(
  parts: IdentityParts,
  request: Parameters<Handler>[1],
  { type, walletId }: { type: string; walletId: string },
) {
  const factor = (await parts.database.factorsOf(walletId)).find(
    (one: Known) => one.type === type && (type === 'password' || type === 'email' || one.priority > 0),
  )
  if (factor) await consume(parts, request, { id: factor.id, factor, walletId })
}

const open: Handler = async (parts, request) => {
  const [id, wallet] = await walletIn(parts, request)
  if (!wallet.verified) throw new IdentityRefusal(403, { code: 'verification_required' })
  await pass(parts, request, { type: 'totp', walletId: id })
  return shown(id, wallet)
}

/** By the owner's key; or, as a recovery, by whoever has a code that the address was mailed. */
const update: Handler = async (parts, request) => {
  const { database } = parts
  const key = signerIn(request)
  const { id, type, attributes } = request.body.data
  const { email = '', salt = '', keychain_data: keychain = '', account_id: signer = '' } = attributes
  if (type === 'recovery-wallet') return recover(parts, request, key)
  const [oldId, wallet] = await walletIn(parts, request)
  if (key !== wallet.signer) throw new IdentityRefusal(401)
  await pass(parts, request, { type: 'password', walletId: oldId })
  await pass(parts, request, { type: 'totp', walletId: oldId })
  return replace(parts, [oldId, wallet], {
    id,
    wallet: { ...wallet, email: email || wallet.email, salt, keychain, signer },
    body: request.body,
  })
    .then(() => database.wallets.get(id))
    .then((changed) => changed && shown(id, changed))
}

const recover = async (parts: IdentityParts, request: Parameters<Handler>[1], key: string) => {
  const { database } = parts
  const { id, attributes } = request.body.data
  const { email = '', salt = '', keychain_data: keychain = '' } = attributes
  const found = await database.walletOf(email)
  if (!found) throw new IdentityRefusal(404)
  const [oldId, wallet] = found
  if (!(await database.factorsOf(oldId)).some(({ type }) => type === 'email'))
    await database.factors.put(database.nextFactorId(), { walletId: oldId, type: 'email', priority: 0, secret: email })
  await pass(parts, request, { type: 'email', walletId: oldId })
  await replace(parts, found, { id, wallet: { ...wallet, salt, keychain, signer: key }, body: request.body })
  return shown(id, { ...wallet, keychain })
}

async function replace(
  { database }: IdentityParts,
  [oldId]: [string, WalletRecord],
  { id, wallet, body }: { id: string; wallet: WalletRecord; body: Body },
): Promise<void> {
  await database.wallets.remove(oldId)
  await database.wallets.put(id, wallet)
  for (const { id: factorId, ...factor } of await database.factorsOf(oldId)) {
    const password = factor.type === 'password' ? passwordIn(body) : {}
    await database.factors.put(factorId, { ...factor, ...password, walletId: id })
  }
}

export const walletRoutes: Readonly<Record<string, Handler>> = {
  'POST /wallets': signUp,
  'GET /wallets/:wallet': open,
  'PUT /wallets/:wallet': update,
  'POST /wallets/:wallet/verification': resend,
  'PUT /wallets/:wallet/verification': verify,
}
