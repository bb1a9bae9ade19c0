import { toHex } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { readAccountKey } from '@strongroom/proofs'
import type { z } from 'zod'
import { unverified } from '../access/contract.ts'
import { walletDocument } from '../access/wallet-document.ts'
import { passFactors } from '../factors/pass-factors.ts'
import type { StepUp } from '../factors/step-up.ts'
import { isOwner } from '../ledger/authority.ts'
import { isFault, readEnvelope } from '../ledger/envelope.ts'
import { openContents } from '../wallets/contents.ts'
import { conflict, notAllowed, notFound, tooMany, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { foldAddress, nameContact, nameWallet } from '../wallets/names.ts'
import { openSession } from '../sessions/store.ts'
import { findWallet, findWalletByContact, takeNames, type Wallet } from '../wallets/store.ts'
import { passwordGiven, prepareChange } from './change.ts'
import { type RecoveryGiven, updateWallet, type UpdateGiven } from './contract.ts'
import { finishChange } from './finish-change.ts'
import { type Change, holdUnchanged, insertChange } from './store.ts'

type Update = z.output<typeof UpdateGiven>
type Recovery = z.output<typeof RecoveryGiven>

export const update = implement<IdentityDeps>()(updateWallet, async ({ params, proof, body, ip }, deps) => {
  if (await deps.limits.attempts.take(ip)) return tooMany()
  const { walletId } = params
  const { keyId } = proof.signed
  const prepared = isRecovery(body)
    ? await prepareRecovery(deps, body, { walletId, keyId, ip, stepUp: proof.byMail })
    : await prepareUpdate(deps, body, { walletId, keyId, ip, stepUp: proof.byOwner })
  if (prepared instanceof Refusal) return prepared

  const { wallet, change } = prepared
  const asked = await deps.database.transaction(async (tx) => {
    if (!(await holdUnchanged(tx, wallet)) || !(await insertChange(tx, change))) return conflict()
    return (await takeNames(tx, wallet.id, change)) ? 'asked' : conflict()
  })
  if (asked instanceof Refusal) return asked
  const done = await finishChange(deps, change)
  // Somebody else, a sweep, may have ended it: what counts is whether the wallet has its new id.
  if (done instanceof Refusal && done.kind !== 'conflict') return done
  const changed = await findWallet(deps, change.lookup)
  if (!changed) return conflict()
  const { email, keychain } = await openContents(deps.hsm, changed)
  const session = isRecovery(body) ? undefined : await openSession(deps, changed, { ip, publicIp: false })
  return reply(
    200,
    walletDocument({ wallet: changed, walletId: body.data.id, email, keychain, ...(session && { session }) }),
  )
})

const isRecovery = (given: Update | Recovery): given is Recovery => given.data.type === 'recovery-wallet'

interface Caller {
  /** In the address of the request. */
  readonly walletId: string
  readonly keyId: string
  readonly stepUp: StepUp
  readonly ip: string
}

interface Prepared {
  readonly wallet: Wallet
  readonly change: Change
}

/** By a key that signs for the account; the ledger is asked to accept the transaction. */
async function prepareUpdate(deps: IdentityDeps, given: Update, { walletId, keyId, stepUp }: Caller) {
  const { hsm, ledger } = deps
  const name = await nameWallet(hsm, walletId)
  const wallet = await findWallet(deps, name)
  if (!wallet) return notFound()
  if (!(await isOwner(ledger, { account: wallet.accountId, key: keyId }))) return notAllowed()
  if (!wallet.verified) return unverified(walletId)
  const envelope = await judgeTransaction(deps, wallet, given)
  if (envelope instanceof Refusal) return envelope
  const { email } = await openContents(hsm, wallet)
  const { email: givenEmail } = given.data.attributes
  if (givenEmail !== undefined && foldAddress(givenEmail) !== foldAddress(email))
    return wrongField('/data/attributes/email', 'is not the wallet’s: an address is changed by POST')
  if (!readAccountKey(passwordGiven(given).accountId))
    return wrongField('/included', 'a password’s account_id is no account key')
  const refused = await passFactors(deps, { wallet, walletId, name, stepUp })
  if (refused) return refused
  const signer = given.data.attributes.account_id ?? null
  const change = await prepareChange(deps, wallet, { given, email, kind: 'password', envelope, signer })
  return { wallet, change } satisfies Prepared
}

/** Only the signers of the wallet's own account change, and the key that the wallet brings is one of them. */
async function judgeTransaction({ ledger }: IdentityDeps, wallet: Wallet, { data, included }: Update) {
  const transaction = included.find((one) => one.type === 'transaction')
  const envelope = transaction?.type === 'transaction' ? transaction.attributes.envelope : ''
  const { networkPassphrase } = await ledger.info()
  const read = readEnvelope(envelope, networkPassphrase)
  const field = '/included'
  if (isFault(read)) return wrongField(field, `the envelope does not decode: ${read.fault}`)
  const isOwn = read.operations.every(({ source = wallet.accountId }) => source === wallet.accountId)
  if (read.source !== wallet.accountId || !isOwn) return wrongField(field, 'the transaction is of another account')
  const changes = read.operations.flatMap(({ body }) => (body.type === 'manage-signer' ? [body.change] : []))
  if (changes.length < read.operations.length) return wrongField(field, 'the transaction does more than change signers')
  const { account_id: key } = data.attributes
  if (key === undefined) return envelope
  const signers = (await ledger.signersOf(wallet.accountId)) ?? []
  const stays =
    signers.some((one) => one.key === key) && !changes.some((one) => one.action === 'remove' && one.key === key)
  const comes = changes.some((one) => one.action !== 'remove' && one.signer.key === key)
  return stays || comes ? envelope : wrongField('/data/attributes/account_id', 'does not sign after the transaction')
}

/** By a key that signs for nothing yet, for whoever reads the wallet's mail. */
async function prepareRecovery(deps: IdentityDeps, given: Recovery, { walletId, keyId, stepUp, ip }: Caller) {
  const { data } = given
  if (data.id !== walletId) return wrongField('/data/id', 'is not the id in the address')
  const signer = data.relationships.signer.data.id
  if (signer !== keyId) return notAllowed()
  const { email } = data.attributes
  const contact = await nameContact(deps.hsm, email)
  // It tells as much as GET /kdf does of an address, and is limited as that is.
  if ((await deps.limits.lookups.take(ip)) || (await deps.lookupsOfOne.take(toHex(contact)))) return tooMany()
  const wallet = await findWalletByContact(deps, contact)
  if (!wallet) return notFound()
  if (!wallet.verified) return unverified(walletId)
  if (!readAccountKey(passwordGiven(given).accountId))
    return wrongField('/included', 'a password’s account_id is no account key')
  const name = await nameWallet(deps.hsm, walletId)
  const refused = await passFactors(deps, { wallet, walletId, name, stepUp })
  if (refused) return refused
  const change = await prepareChange(deps, wallet, { given, email, kind: 'recovery', signer })
  return { wallet, change } satisfies Prepared
}
