import { recordEvent } from '@strongroom/audit'
import { toHex } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { passFactors } from '../factors/pass-factors.ts'
import type { StepUp } from '../factors/step-up.ts'
import { transactionUnreadable } from '../ledger/contract.ts'
import { type Envelope, isFault, readEnvelope } from '../ledger/envelope.ts'
import { LedgerTimedOut } from '../ledger/ledger-timed-out.ts'
import { rejectedBy } from '../ledger/rejected-by.ts'
import { rejected } from '../ledger/rejections.ts'
import { signerRoles } from '../ledger/signer-rules.ts'
import { shownTransaction } from '../ledger/submit-transaction.ts'
import type { FaultReason } from '../ledger/xdr.ts'
import { fieldRefused, notAllowed, tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameWallet } from '../wallets/names.ts'
import { findWalletById } from '../wallets/store.ts'
import { cosignDecided, type Decided } from './cosign-decided.ts'
import { submissionTimedOut, submitCosigned, submitCosignedToGateway } from './contract.ts'
import { transactionCosigned } from './events.ts'
import { purposeOf } from './purpose.ts'
import { judgeForm, kindsOf, maySign, type SigningFault } from './rules.ts'
import { findSigners, findWalletIdOf, signWith, type StoredSigner } from './store.ts'

type Given = { readonly tx: string } | { readonly data: { readonly attributes: { readonly tx: string } } }

interface Request {
  readonly body: Given
  readonly proof: StepUp
  readonly ip: string
}

/** Nobody learns of an account's factors, nor is sent a code, by a transaction that its owner did not sign. */
async function submit({ body, proof, ip }: Request, deps: IdentityDeps) {
  const { ledger, policies, limits, hsm, random } = deps
  if (await limits.attempts.take(ip)) return tooMany()
  const { tx } = 'data' in body ? body.data.attributes : body
  const { networkPassphrase } = await ledger.info()
  const envelope = readEnvelope(tx, networkPassphrase)
  if (isFault(envelope)) return unreadable(envelope.fault)
  const formFault = judgeForm(envelope, policies.multisig)
  if (formFault) return told(formFault)
  // What is on the ledger is known to all: of a transaction that anybody may have read there, no factor is told.
  const before = await ledger.findApplied(toHex(envelope.hash))
  if (before) return reply(200, { data: shownTransaction(before, envelope.source) })
  const signers = await decide(deps, envelope)
  if (signers instanceof Refusal) return signers

  const walletId = await findWalletIdOf(deps.database.reading, envelope.source)
  const wallet = walletId === undefined ? undefined : await findWalletById(deps, walletId)
  if (!wallet?.factors.some(({ priority }) => priority > 0)) return notAllowed()
  // Who has the transaction need not know the wallet's id, which opens it: the demand calls the wallet something else.
  const alias = toHex(random(32))
  const asking = {
    wallet,
    walletId: alias,
    name: await nameWallet(hsm, alias),
    stepUp: proof,
    purpose: purposeOf(envelope),
  }
  const refused = await passFactors(deps, asking)
  if (refused) return refused
  const signed = await signBy(deps, { tx, envelope, networkPassphrase }, signers)
  return isFault(signed) ? unreadable(signed.fault) : settle(deps, signed, envelope.source)
}

export const submitSigned = implement<IdentityDeps>()(submitCosigned, submit)
export const submitSignedToGateway = implement<IdentityDeps>()(submitCosignedToGateway, submit)

/** The stored signers whose signatures the transaction gets. */
async function decide(deps: IdentityDeps, envelope: Envelope) {
  const { ledger, policies, clock } = deps
  const [{ masterAccountId }, signers = [], roles, stored] = await Promise.all([
    ledger.info(),
    ledger.signersOf(envelope.source),
    signerRoles(ledger),
    findSigners(deps, envelope.source),
  ])
  const now = BigInt(Math.floor(clock().getTime() / 1000))
  const facts = { signers, roles, stored: stored.map(({ key }) => key), masterAccountId, now }
  const decided = maySign(envelope, facts, policies.multisig)
  return 'fault' in decided ? told(decided.fault) : stored.filter(({ key }) => decided.keys.includes(key))
}

const unreadable = (fault: FaultReason) =>
  transactionUnreadable({ detail: 'Your request was invalid in some way', meta: { field: 'tx', error: fault } })

function told(fault: SigningFault) {
  if (fault === 'not-allowed') return notAllowed()
  if (fault === 'too-early') return rejectedBy(rejected('tx_too_early'))
  if (fault === 'too-late') return rejectedBy(rejected('tx_too_late'))
  return fieldRefused({ meta: { field: 'tx', error: fault } })
}

async function signBy(
  { database, hsm }: IdentityDeps,
  decided: Decided & { readonly envelope: Envelope },
  signers: readonly StoredSigner[],
) {
  const { source, hash } = decided.envelope
  const detail = { hash: toHex(hash), keys: signers.map(({ key }) => key), purposes: [...kindsOf(decided.envelope)] }
  await recordEvent(database, transactionCosigned, { subject: source, detail })
  return cosignDecided(
    decided,
    signers.map((stored) => ({ keyId: stored.key, sign: (bytes) => signWith(hsm, stored, bytes) })),
  )
}

async function settle({ ledger }: IdentityDeps, signed: string, source: string) {
  try {
    const answer = await ledger.submit(signed)
    if (answer.outcome === 'rejected') return rejectedBy(answer)
    return reply(200, { data: shownTransaction(answer.transaction, source) })
  } catch (error) {
    if (error instanceof LedgerTimedOut) return submissionTimedOut({ detail: 'Tx submit is taking too long' })
    throw error
  }
}
