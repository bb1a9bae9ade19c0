import { hash as digestText } from 'node:crypto'
import { encodeTuple, equalBytes, toHex, type TuplePart } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { LedgerSigner } from './ledger.ts'
import type { EndedRecovery, Recovery } from './recoveries.ts'
import { writeRequest } from './recovery-request.ts'

/** MAC key of the app's token. */
export const STAMP_USE = 'stamp'
const HALF = 32

/** One set of signers: a row of another account, or of another set of the same one, has another stamp. */
export interface Place {
  readonly account: string
  readonly version: string
}

const stamp = async (hsm: Keystore, ...facts: readonly TuplePart[]): Promise<Uint8Array> =>
  (await hsm.mac(STAMP_USE, encodeTuple(...facts))).subarray(0, HALF)

export const signerStamp = (hsm: Keystore, { account, version }: Place, signer: LedgerSigner): Promise<Uint8Array> => {
  const { key, weight, role, identity, details } = signer
  return stamp(hsm, 'ledger.signer', account, version, key, weight, role, identity, details)
}

/** Whether a signer's row has the token's stamp. */
export type SignerJudge = (place: Place, signer: LedgerSigner, stored: Uint8Array) => Promise<boolean>

const MOST_KNOWN = 1000

/**
 * Asks the token about each row once: the last thousand that it vouched for are remembered, by a digest of all that is
 * stamped and the stamp itself. A row that was changed in anything is another one.
 */
export function signerJudge(hsm: Keystore): SignerJudge {
  const known = new Set<string>()
  return async (place, signer, stored) => {
    const name = nameOf(place, signer, stored)
    const isKnown = known.delete(name)
    if (!isKnown && !isStamp(stored, await signerStamp(hsm, place, signer))) return false
    known.add(name)
    if (known.size > MOST_KNOWN) known.delete(known.values().next().value as string)
    return true
  }
}

/** Of an account that is no more: a mark that was written past us, or for another one, forgets nobody. */
export const forgottenStamp = (hsm: Keystore, { account, version }: Place): Promise<Uint8Array> =>
  stamp(hsm, 'ledger.forgotten', account, version)

/** A recovery that has ended belongs to no version any more. */
export const recoveryStamp = (
  hsm: Keystore,
  { account, version }: Place | { readonly account: string; readonly version: undefined },
  recovery: Recovery | EndedRecovery,
): Promise<Uint8Array> => {
  const { id, signer = '', state, request, rejectReason = '' } = recovery
  const asked = request ? writeRequest(request) : new Uint8Array()
  return stamp(hsm, 'ledger.recovery', account, version ?? '', id, signer, state, asked, rejectReason)
}

const nameOf = (
  { account, version }: Place,
  { key, weight, role, identity, details }: LedgerSigner,
  stored: Uint8Array,
) =>
  digestText(
    'sha256',
    JSON.stringify([account, version, key, weight, role, identity, details, toHex(stored)]),
    'base64',
  )

export interface AppliedRow {
  readonly hash: Uint8Array
  readonly source: string
  readonly envelope: string
  readonly result: string
}

export const transactionStamp = (hsm: Keystore, { hash, source, envelope, result }: AppliedRow): Promise<Uint8Array> =>
  stamp(hsm, 'ledger.transaction', toHex(hash), source, envelope, result)

export const isStamp = (stored: Uint8Array, made: Uint8Array): boolean => equalBytes(stored, made)

export const saleStamp = (hsm: Keystore, { id, owner }: { id: string; owner: string }): Promise<Uint8Array> =>
  stamp(hsm, 'ledger.sale', id, owner)
