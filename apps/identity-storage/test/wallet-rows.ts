import { newSeed, signerOf } from '@strongroom/identity-client'
import { changeBody, moving, newAddress, newPassword, newRecovery, recovering, restoring, swap } from './changes.ts'
import { type Asked, newEmail } from './client.ts'
import { answering, demandIn, factorsOf, newTotp, passwordProof, setting } from './demands.ts'
import { following, linksTo } from './mails.ts'
import { bodyOf, newOwner, newWallet, newWalletId, type Owner, walletIn } from './owners.ts'
import { recover } from './recoveries.ts'
import {
  administrators,
  administratorsEmpty,
  anybody,
  anybodyEmpty,
  created,
  ownerAsked,
  type Request,
  type Row,
  type Scene,
  type Statuses,
} from './scene.ts'
import { adding, envelopeOf, submitting } from './transactions.ts'

/** As its owner asks; whose signature is on it is the row's matter. */
const asIs = ({ path, body }: Asked): readonly [string, unknown] => [path, body]

/** The wallet of the people's account, as its recovery left it: its owner's key signs still. */
const walletOf = ({ people }: Scene): Owner => ({ ...people.found, signer: people.owner.signer })

/** Another wallet, of an account of its own, for which the owner's key signs: whoever may does away with it. */
const newOwned = ({ world, people: { owner } }: Scene): Promise<Owner> =>
  newWallet(world, { signer: owner.signer, accountId: signerOf(newSeed()).keyId })

async function totpOf(scene: Scene): Promise<string> {
  const wallet = walletOf(scene)
  const known = (await factorsOf(scene.world.ask, wallet)).find(({ type }) => type === 'totp')
  return known?.id ?? (await newTotp(scene.world, wallet)).id
}

const passwordIdOf = async (scene: Scene): Promise<string> =>
  (await factorsOf(scene.world.ask, walletOf(scene))).find(({ type }) => type === 'password')?.id ?? ''

const factorOf: (id: (scene: Scene) => Promise<string>) => Request = (id) => async (scene) => [
  `/wallets/${walletOf(scene).walletId}/factors/${await id(scene)}`,
]

const kdfOf: (path: string) => Request =
  (path) =>
  ({ people }) => [`${path}?email=${encodeURIComponent(people.found.email)}`]

const update: Request = async (scene) => {
  const wallet = walletOf(scene)
  const next = newPassword(wallet)
  return [`/wallets/${wallet.walletId}`, changeBody(next, await swap(scene.world, wallet, next))]
}

const recovery: (key: 'brought' | 'another') => Request = (key) => (scene, caller) => {
  const own = scene.people.keys[caller]
  const next = newRecovery(scene.people.found)
  return asIs(recovering(key === 'brought' && own ? { ...next, signer: own } : next))
}

const restoration: Request = async (scene, caller) => {
  if (caller !== 'owner') return asIs(restoring(scene.people.owner))
  const lost = await newOwned(scene)
  await scene.world.ask(following(await verificationOf(scene, lost)))
  await recover(scene.world, lost)
  return asIs(restoring(lost))
}

async function verificationOf({ world }: Scene, { email }: Owner) {
  const [link] = await linksTo(world.app, email)
  if (!link) throw new Error('no link was mailed')
  return link
}

const verification: Request = async (scene) => {
  const wallet = await newWallet(scene.world)
  return asIs(following(await verificationOf(scene, wallet)))
}

/** What the password answers to a demand that nobody has answered yet. */
const proof: Request = async (scene) => {
  const wallet = walletOf(scene)
  const demand = demandIn(await scene.world.ask(moving(wallet, newAddress(wallet, newEmail()))), 'password')
  return asIs(answering(demand, await passwordProof(demand, wallet.factor)))
}

const session: Request = async (scene) => {
  const { body } = await scene.world.ask({ path: `/wallets/${walletOf(scene).walletId}` })
  return [`/sessions/${walletIn(body).included[0]?.id ?? ''}`]
}

const transaction: Request = async ({ world, people, account }, caller) => {
  const by = people.keys[caller]
  const operations = [adding(signerOf(newSeed()).keyId)]
  return asIs(submitting(await envelopeOf(world.ask, { source: account, operations, signers: by ? [by] : [] })))
}

const nobodyMay: Statuses = [401, 401, 401, 401, 401, 401]
const wrongFor: Statuses = [400, 400, 400, 400, 400, 400]
const demanded: Statuses = [403, 403, 403, 403, 403, 403]

/** Wallets, their factors and sessions, and the ledger behind them. */
export const walletRows: readonly Row[] = [
  ['POST /wallets', 'a new one', created, () => ['/wallets', bodyOf(newOwner())]],
  ['GET /kdf', 'of an address', anybody, kdfOf('/kdf')],
  ['GET /kdf', 'of new wallets', anybody, () => ['/kdf']],
  ['GET /wallets/kdf', 'of an address', anybody, kdfOf('/wallets/kdf')],
  ['GET /wallets/{walletId}', 'by its id', anybody, (scene) => [`/wallets/${walletOf(scene).walletId}`]],
  ['PUT /wallets/{walletId}', 'the owner’s change', ownerAsked, update],
  [
    'PUT /wallets/{walletId}',
    'a recovery by the key that it brings',
    [401, 403, 403, 403, 403, 403],
    recovery('brought'),
  ],
  ['PUT /wallets/{walletId}', 'a recovery by another key', nobodyMay, recovery('another')],
  [
    'POST /wallets/{walletId}',
    'another address: the password is demanded',
    demanded,
    (scene) => asIs(moving(walletOf(scene), newAddress(walletOf(scene), newEmail()))),
  ],
  [
    'DELETE /wallets/{walletId}',
    'one that is there',
    administratorsEmpty,
    async (scene, caller) => {
      const wallet = caller === 'admin' ? await newOwned(scene) : walletOf(scene)
      return [`/wallets/${wallet.walletId}`]
    },
  ],
  ['DELETE /wallets/{walletId}', 'one that is not', administratorsEmpty, () => [`/wallets/${newWalletId()}`]],
  [
    'POST /wallets/{walletId}/verification',
    'one that waits for it',
    anybodyEmpty,
    async ({ world }) => [`/wallets/${(await newWallet(world)).walletId}/verification`],
  ],
  [
    'POST /wallets/{walletId}/verification',
    'one that is verified',
    wrongFor,
    (scene) => [`/wallets/${walletOf(scene).walletId}/verification`],
  ],
  ['PUT /wallets/{walletId}/verification', 'with the token that was mailed', anybodyEmpty, verification],
  [
    'PUT /wallets/{walletId}/verification',
    'with another',
    wrongFor,
    (scene) => asIs(following({ walletId: walletOf(scene).walletId, token: 'another' })),
  ],
  ['POST /wallets/{walletId}/restoration', 'what a recovery replaced', [401, 401, 200, 401, 401, 401], restoration],
  ['GET /wallets/{walletId}/factors', 'all', anybody, (scene) => [`/wallets/${walletOf(scene).walletId}/factors`]],
  [
    'POST /wallets/{walletId}/factors',
    'one of TOTP',
    ownerAsked,
    (scene) => [`/wallets/${walletOf(scene).walletId}/factors`, { data: { type: 'totp' } }],
  ],
  [
    'DELETE /wallets/{walletId}/factors/{factorId}',
    'one that is not enabled',
    [401, 401, 204, 401, 401, 401],
    factorOf(totpOf),
  ],
  [
    'DELETE /wallets/{walletId}/factors/{factorId}',
    'the password',
    [401, 401, 400, 401, 401, 401],
    factorOf(passwordIdOf),
  ],
  [
    'PATCH /wallets/{walletId}/factors/{factorId}',
    'to enable it',
    ownerAsked,
    async (scene) => asIs(setting(walletOf(scene), await totpOf(scene), 101)),
  ],
  ['PUT /wallets/{walletId}/factors/{factorId}/verification', 'with the password’s proof', anybodyEmpty, proof],
  [
    'PUT /wallets/{walletId}/factors/{factorId}/verification',
    'with a token that is none',
    wrongFor,
    async (scene) => {
      const demand = { token: 'none', factor_type: 'password', factor_id: Number(await passwordIdOf(scene)) }
      return asIs(answering({ ...demand, wallet_id: walletOf(scene).walletId }, '123456'))
    },
  ],
  ['GET /sessions/{sessionId}', 'by its id', anybody, session],

  ['GET /', 'what network it is', anybody, () => ['/']],
  ['GET /v3/key_values/{key}', 'a role', anybody, () => ['/v3/key_values/signer_role:default']],
  ['GET /v3/accounts/{id}/signers', 'of an account', anybody, ({ account }) => [`/v3/accounts/${account}/signers`]],
  ['POST /v3/transactions', 'signed by the caller', [400, 400, 200, 400, 400, 400], transaction],
  ['GET /v3/kyc_recovery_requests', 'all', administrators, () => ['/v3/kyc_recovery_requests']],
  [
    'GET /v3/kyc_recovery_requests',
    'of an account',
    [401, 401, 200, 200, 401, 200],
    ({ account }) => [`/v3/kyc_recovery_requests?filter[requestor]=${account}`],
  ],
]
