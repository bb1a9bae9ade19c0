import { equalBytes, verifyEd25519 } from '@strongroom/crypto'
import { readAccountKey } from '@strongroom/proofs'
import { hintOf } from './cosign.ts'
import type { DecoratedSignature, Envelope } from './envelope.ts'
import { type LedgerSigner, RECOVERY_ROLE } from './ledger.ts'
import type { OperationBody } from './operations.ts'
import { type SignerRoles, THRESHOLD, weightOf } from './signer-rules.ts'

type Type = OperationBody['type']

/** What each role may sign: a key that a recovery let in asks for new signers, and does nothing else. */
export function maySign({ role, weight }: LedgerSigner, types: readonly Type[], { recovering }: SignerRoles): boolean {
  if (weight === 0) return false
  if (role === recovering) return types.every((type) => type === 'create-kyc-recovery-request')
  return role !== RECOVERY_ROLE || types.every((type) => type === 'manage-signer')
}

/**
 * Whether a transaction's signatures are those of enough of these signers. As in TokenD, each signature must count: one
 * that is wrong, of somebody else, given twice, or of the lighter of two signers of one identity is one too many.
 */
export function judgeSignatures(
  { signatures, hash }: Pick<Envelope, 'signatures' | 'hash'>,
  signers: readonly LedgerSigner[],
): 'enough' | 'tx_bad_auth' | 'tx_bad_auth_extra' {
  const counted = new Map<number, LedgerSigner>()
  let extra = false
  for (const signature of signatures) {
    const signer = signers.find((one) => isBy(one, signature, hash))
    const before = signer && counted.get(signer.identity)
    if (!signer || before) extra = true
    if (signer && signer.weight > (before?.weight ?? 0)) counted.set(signer.identity, signer)
  }
  if (weightOf([...counted.values()]) < THRESHOLD) return 'tx_bad_auth'
  return extra ? 'tx_bad_auth_extra' : 'enough'
}

export function isBy({ key }: LedgerSigner, { hint, signature }: DecoratedSignature, hash: Uint8Array): boolean {
  const publicKey = equalBytes(hint, hintOf(key)) && readAccountKey(key)
  return publicKey ? verifyEd25519({ message: hash, signature, publicKey }) : false
}
