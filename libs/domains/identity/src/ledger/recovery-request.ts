import { sha256, toHex } from '@strongroom/crypto'
import { accountKey, behind, extensible, list, struct, text, u32 } from './codecs.ts'
import { KYC_RECOVERY_REQUEST, type SignerData, signerData } from './operations.ts'
import { type Codec, decode, encode } from './xdr.ts'

/** TokenD's KYCRecoveryRequest: what an administrator reviews. */
export interface RecoveryRequest {
  readonly account: string
  readonly signers: readonly SignerData[]
  /** JSON. */
  readonly creatorDetails: string
  /** How often it was changed. */
  readonly sequence: number
}

const recoveryRequest: Codec<RecoveryRequest> = behind(
  KYC_RECOVERY_REQUEST,
  extensible(
    struct<RecoveryRequest>({
      account: accountKey,
      signers: list(signerData),
      creatorDetails: text(),
      sequence: u32,
    }),
  ),
  'case-unknown',
)

export const writeRequest = (request: RecoveryRequest): Uint8Array => encode(recoveryRequest, request)

/** @throws XdrFault for what `writeRequest` did not write. */
export const readRequest = (bytes: Uint8Array): RecoveryRequest => decode(recoveryRequest, bytes)

/** Hex: a review says which request it saw, so that none approves what was put in its place. */
export const requestHash = (request: RecoveryRequest): string => toHex(sha256(writeRequest(request)))
