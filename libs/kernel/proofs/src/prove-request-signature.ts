import { hash } from 'node:crypto'
import { encodeTuple, sha256 } from '@strongroom/crypto'
import { prover, type RawRequest, type Refusal } from '@strongroom/http'
import { verifyByOpenSsl } from './ed25519.ts'
import { endOf, isFresh, readHttpDate } from './http-date.ts'
import type { Clock } from './jwt.ts'
import { judgeLegacy } from './legacy-signature.ts'
import {
  requestSignature,
  signatureRefused,
  signatureUnreadable,
  type Signed,
  type UnreadableReason,
} from './request-signature.ts'
import type { SeenSignatures } from './seen-signatures.ts'
import { parseSignature, readAccountKey, type SignatureHeader } from './signature-header.ts'
import { signingString, targetOf, valueOf, valuesOf } from './signing-string.ts'

interface EverySignature {
  /** The process's own: others wrote the dates. */
  readonly clock?: Clock
  /**
   * Where a gateway in front rewrites paths: the target as callers sent it, path and query. From what the operator
   * configured, never from what a caller could have written. `real-request-target` may then be that too.
   */
  readonly trustedTarget?: (request: RawRequest) => string | undefined
}

/** What published clients sign: the target. A date is judged where it is signed, a digest too; both may be left out. */
export interface CompatSignatures extends EverySignature {
  readonly profile: 'compat'
  /** Whether TokenD's first signatures are good as well: they cover no method. */
  readonly legacy?: 'accepted'
}

/** `(request-target) date digest`, all of them, and each signature once; for `date` pages of browsers sign `x-date`. */
export interface StrictSignatures extends EverySignature {
  readonly profile: 'strict'
  readonly seen: SeenSignatures
}

export type SignatureRules = CompatSignatures | StrictSignatures

export interface RequestSignatureDeps {
  readonly signatures: SignatureRules
}

export const proveRequestSignature = prover<RequestSignatureDeps>()(
  requestSignature,
  async (request, { signatures: rules }) => {
    const [accountId = '', ...more] = valuesOf(request, 'account-id')
    if (more.length > 0 || (accountId !== '' && !readAccountKey(accountId)))
      return unreadable('Account-Id is no account key')
    const signed = await judge(request, rules)
    if (signed === undefined) return signatureRefused()
    if (typeof signed === 'string') return unreadable(signed)
    return accountId === '' ? signed : { ...signed, accountId }
  },
)

const unreadable = (reason: UnreadableReason): Refusal =>
  signatureUnreadable({ detail: 'Request signature was invalid in some way', meta: { reason } })

type Judged = Signed | UnreadableReason | undefined

function judge(request: RawRequest, rules: SignatureRules): Promise<Judged> | Judged {
  const headers = ['signature', 'authorization'].flatMap((name) => valuesOf(request, name))
  const legacy = valuesOf(request, 'x-authsignature')
  if (headers.length + legacy.length > 1) return 'more than one signature'
  const [header] = headers
  if (header !== undefined) return judgeSignature(request, header, rules)
  const isLegacy = legacy.length > 0 && rules.profile === 'compat' && rules.legacy === 'accepted'
  return isLegacy ? judgeLegacy(request, rules.clock ?? systemClock) : undefined
}

const systemClock: Clock = () => new Date()

async function judgeSignature(request: RawRequest, header: string, rules: SignatureRules): Promise<Judged> {
  const parsed = parseSignature(header)
  if (typeof parsed === 'string') return parsed
  const { keyId, covered } = parsed
  if (!coversEnough(covered, rules.profile) || !covered.every((name) => holds(name, request, rules))) return undefined
  const text = signingString(request, covered)
  if (text === undefined || !verifies(parsed, text)) return undefined
  const signed: Signed = { keyId, covered, source: 'signature' }
  if (rules.profile === 'compat') return signed
  // Last of all: nobody but the signer can use up a signature. What is seen is what was signed, however it was signed.
  const date = dateIn(request, covered.includes('date') ? 'date' : 'x-date')
  const isFirst = date && (await rules.seen.take(sha256(encodeTuple(keyId, text)), endOf(date)))
  return isFirst ? signed : undefined
}

const verifies = ({ publicKey, signature }: SignatureHeader, text: string): boolean =>
  verifyByOpenSsl({ message: hash('sha256', text, 'buffer'), signature, publicKey })

const targets = ['(request-target)', '(request-header)', 'real-request-target']

function coversEnough(covered: readonly string[], profile: SignatureRules['profile']): boolean {
  const covers = (name: string) => covered.includes(name)
  if (profile === 'compat') return targets.some(covers)
  // One date: of two, the end of what was seen would be either's.
  return covers('(request-target)') && covers('digest') && covers('date') !== covers('x-date')
}

/** Whether what was signed is so: a date is near, a digest is the body's, another target is this one. */
function holds(name: string, request: RawRequest, { clock = systemClock, trustedTarget }: SignatureRules): boolean {
  switch (name) {
    case 'date':
    case 'x-date': {
      const date = dateIn(request, name)
      return date !== undefined && isFresh(date, clock)
    }
    case 'digest':
      return valueOf(request, name)?.replace(/^sha-256=/i, 'SHA-256=') === digestOf(request.body)
    case 'real-request-target':
      return isTargetOf(request, trustedTarget?.(request))
    default:
      return true
  }
}

const dateIn = (request: RawRequest, name: string): Date | undefined => readHttpDate(valueOf(request, name) ?? '')

/** RFC 3230: of the algorithms that a list might name, this one alone. */
const digestOf = (body: Uint8Array): string => `SHA-256=${hash('sha256', body, 'base64')}`

function isTargetOf(request: RawRequest, trusted: string | undefined): boolean {
  const claimed = valueOf(request, 'real-request-target')
  return (
    claimed === targetOf(request) || (trusted !== undefined && claimed === targetOf({ ...request, target: trusted }))
  )
}
