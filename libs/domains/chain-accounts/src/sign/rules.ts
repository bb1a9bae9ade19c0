import type { AccountChange, AccountRequest, Signer, StandingAccount } from '@strongroom/chains'
import { canonicalJson, equalBytes, sha256, toHex } from '@strongroom/crypto'
import type { KeyRow } from '../accounts/key-row.ts'
import { schemeOf } from '../accounts/signers.ts'
import type { Policies } from '../policies.ts'

/** A change of signers as it is written down: which key comes or goes. Its weight and scheme are always what its kind has. */
export interface SignerChange {
  readonly kind: 'add-signer' | 'remove-signer'
  readonly publicKey: string
}

export type Judged =
  /** Payments and calls of the account to others: its own signers decide. */
  | { readonly kind: 'calls' }
  | { readonly kind: 'changes'; readonly changes: readonly SignerChange[] }
  | { readonly kind: 'forbidden' }

export interface Judging {
  readonly keys: readonly KeyRow[]
  readonly policies: Policies
  /** Who counts on the chain. */
  readonly signers: readonly Pick<Signer, 'publicKey' | 'scheme'>[]
}

/**
 * What a decoded request is to us. A change of signers comes alone, so that nothing hides behind it. Only keys that the
 * account told us of come; whoever stands there may go. Whatever else an account would do to itself is not signed.
 */
export function judgeRequest({ changes }: Pick<AccountRequest, 'changes'>, judging: Judging): Judged {
  if (changes.length === 0) return { kind: 'forbidden' }
  if (changes.every(({ kind }) => kind === 'call')) return { kind: 'calls' }
  const known = changes.map((change) => signerChangeOf(change, judging))
  const named = known.filter((one) => one !== undefined)
  // One key twice, to and fro: nobody could say what comes of it.
  const isPlain = named.length === changes.length && new Set(named.map((one) => one.publicKey)).size === named.length
  return isPlain ? { kind: 'changes', changes: named } : { kind: 'forbidden' }
}

function signerChangeOf(change: AccountChange, { keys, policies, signers }: Judging): SignerChange | undefined {
  if (change.kind === 'add-signer') {
    const { publicKey, scheme, weight } = change.signer
    const key = keys.find((one) => equalBytes(one.publicKey, publicKey))
    const isOurs = key?.type === 'user-key' || key?.type === 'recover-key'
    const fits = isOurs && key.state !== 'revoked' && scheme === schemeOf(key) && weight === policies.weight
    // One key under two verifiers would weigh twice.
    const isOther = signers.some((one) => equalBytes(one.publicKey, publicKey) && one.scheme !== scheme)
    return fits && !isOther ? { kind: 'add-signer', publicKey: toHex(publicKey) } : undefined
  }
  if (change.kind !== 'remove-signer') return undefined
  const isKnown = [...keys, ...signers].some((one) => equalBytes(one.publicKey, change.publicKey))
  return isKnown ? { kind: 'remove-signer', publicKey: toHex(change.publicKey) } : undefined
}

export interface JudgingThere extends Omit<Judging, 'signers'> {
  /** As the chain has it; none where nothing stands. */
  readonly standing: StandingAccount | undefined
}

/** Judged by who counts on the chain now; of an account that is not ours any more no change is signed. */
export function judgeStanding(
  request: Pick<AccountRequest, 'changes'>,
  { keys, policies, standing }: JudgingThere,
): Judged {
  if (!standing?.isGenuine || !staysReachable(request, standing)) return { kind: 'forbidden' }
  return judgeRequest(request, { keys, policies, signers: standing.signers })
}

/** Whether those who stay can agree, after each step: on Flow nothing else keeps an account from being lost for ever. */
function staysReachable({ changes }: Pick<AccountRequest, 'changes'>, standing: StandingAccount): boolean {
  let signers = standing.signers
  return changes.every((change) => {
    signers = signersAfter(signers, change)
    return signers.reduce((sum, { weight }) => sum + weight, 0) >= standing.threshold
  })
}

function signersAfter(signers: readonly Signer[], change: AccountChange): readonly Signer[] {
  if (change.kind === 'add-signer') return [...signers, change.signer]
  if (change.kind !== 'remove-signer') return signers
  const { publicKey, scheme } = change
  const goes = (one: Signer) => equalBytes(one.publicKey, publicKey) && (scheme === undefined || one.scheme === scheme)
  return signers.filter((one) => !goes(one))
}

/** What is approved and waited for: this account, this chain, these changes in this order; however often it is signed anew. */
export const digestOf = (of: {
  readonly accountId: string
  readonly chainName: string
  readonly changes: readonly SignerChange[]
}): Uint8Array => sha256(canonicalJson({ ...of, changes: of.changes.map((one) => ({ ...one })) }))
