import { createPublicKey, verify } from 'node:crypto'
import type { Encoded } from './encode.ts'
import type { Account, Key } from './ledger.ts'
import type { Signature, Transaction } from './transaction.ts'

/** An error of Flow, by its number; nothing of the transaction happened. */
export class FlowError extends Error {
  constructor(code: number, message: string) {
    super(`[Error Code: ${String(code)}] ${message}`)
  }
}

export type Find = (address: string) => Account | undefined

const ENOUGH = 1000

/** Signatures and their weights, as Flow checks them before anything runs. */
export function checkSignatures(transaction: Transaction, encoded: Encoded, find: Find): void {
  const { payer, authorizers, proposal_key: proposal } = transaction
  const { payload_signatures: payload, envelope_signatures: envelope } = transaction
  const signers = new Set([proposal.address, payer, ...authorizers])
  const once = new Set([...payload, ...envelope].map((one) => `${one.address}.${String(one.key_index)}`))
  if (once.size !== payload.length + envelope.length) throw new FlowError(1008, 'a key has signed twice')
  for (const one of payload) checkSignature(one, { message: encoded.payload, code: 1008, signers, find })
  for (const one of envelope) checkSignature(one, { message: encoded.envelope, code: 1009, signers, find })
  if (!once.has(`${proposal.address}.${String(proposal.key_index)}`))
    throw new FlowError(1006, 'the proposal key has not signed')
  if (weightOf(payer, envelope, find) < ENOUGH) throw unauthorized('payer', payer)
  for (const one of authorizers) {
    const weight = one === payer ? ENOUGH : weightOf(one, payload, find)
    if (weight < ENOUGH) throw unauthorized('authorizer', one)
  }
}

const unauthorized = (role: string, address: string) =>
  new FlowError(1055, `authorization failed for account ${address}: ${role} has not enough signatures`)

function checkSignature(
  { address, key_index: index, signature }: Signature,
  { message, code, signers, find }: { message: Buffer; code: number; signers: ReadonlySet<string>; find: Find },
): void {
  if (!signers.has(address)) throw new FlowError(code, `${address} has nothing to sign here`)
  const key = keyOf(find(address), index)
  if (!key || key.revoked || !isSignedBy(key, message, signature))
    throw new FlowError(code, `the signature of key ${String(index)} of ${address} does not verify`)
}

const keyOf = (account: Account | undefined, index: number): Key | undefined => account?.keys[index]

const weightOf = (address: string, signatures: readonly Signature[], find: Find): number =>
  signatures
    .filter((one) => one.address === address)
    .reduce((sum, one) => sum + (keyOf(find(address), one.key_index)?.weight ?? 0), 0)

/** ECDSA_P256 with SHA2_256: the only kind of key that the stub has. */
const isSignedBy = ({ publicKey }: Key, message: Buffer, signature: Buffer): boolean => {
  const key = asKey(publicKey)
  return key !== undefined && verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

const inBase64url = (text: string) => Buffer.from(text, 'hex').toString('base64url')

export function asKey(publicKey: string) {
  const [x, y] = [inBase64url(publicKey.slice(0, 64)), inBase64url(publicKey.slice(64))]
  try {
    // Node refuses what is no point of the curve.
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** The proposal key’s number is used up by whatever is executed, also by what fails then. */
export function useSequenceNumber({ proposal_key: proposal }: Transaction, find: Find): Account {
  const account = find(proposal.address)
  const key = keyOf(account, proposal.key_index)
  if (!account || !key || key.sequenceNumber !== proposal.sequence_number) {
    const has = `has sequence number ${String(key?.sequenceNumber)}, but given ${String(proposal.sequence_number)}`
    throw new FlowError(1007, `invalid proposal key: public key ${String(proposal.key_index)} ${has}`)
  }
  const keys = account.keys.with(proposal.key_index, { ...key, sequenceNumber: key.sequenceNumber + 1 })
  return { ...account, keys }
}
