import { equalBytes, fromHex, KeyError, toHex, uncompressP256Key, verifyP256 } from '@strongroom/crypto'
import type { SignatureOf, Signer, StandingAccount } from '../chain.ts'
import type { AccessAccount, AccountKey } from './access-api.ts'
import { type BareAddress, shownAddress } from './address.ts'
import type { FlowSignature } from './message.ts'
import { THRESHOLD } from './scripts.ts'

/** 64 bytes: x and y. */
export const publicKeyOf = ({ public_key: text }: AccountKey): Uint8Array => fromHex(text.replace(/^0x/i, ''))

const isOfOurKind = ({ signing_algorithm: signing, hashing_algorithm: hashing }: AccountKey): boolean =>
  signing === 'ECDSAP256' && hashing === 'SHA2_256'

export const liveKeys = ({ keys }: AccessAccount): AccountKey[] => keys.filter(({ revoked }) => !revoked)

/** Keys that count, and that we could check a signature of. */
export const usableKeys = (account: AccessAccount): AccountKey[] => liveKeys(account).filter(isOfOurKind)

/**
 * An account as the chain has it. It is none of ours where a key counts that we do not understand, or one counts twice:
 * two keys of 500 that are the same are one device that needs nobody else.
 */
export function standingAccount(address: BareAddress, account: AccessAccount): StandingAccount {
  const live = liveKeys(account)
  const texts = new Set(live.map((key) => toHex(publicKeyOf(key))))
  return {
    address: shownAddress(address),
    signers: usableKeys(account).map(asSigner),
    threshold: THRESHOLD,
    isGenuine: live.every(isOfOurKind) && texts.size === live.length,
  }
}

const asSigner = (key: AccountKey): Signer => ({
  publicKey: publicKeyOf(key),
  scheme: 'p256-sha256',
  weight: key.weight,
})

/** x and y, as everything of ours has it, in the form that a check takes. */
const uncompressed = (publicKey: Uint8Array): Uint8Array => Uint8Array.of(4, ...publicKey)

/** Whether x and y are on the curve. */
export function isPoint(publicKey: Uint8Array): boolean {
  try {
    uncompressP256Key(uncompressed(publicKey))
    return true
  } catch (error) {
    if (error instanceof KeyError) return false
    throw error
  }
}

/** A signature by a key that is no point is a wrong one. */
export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verifyP256({ message, signature, publicKey: uncompressed(publicKey) })
  } catch (error) {
    if (error instanceof KeyError) return false
    throw error
  }
}

/** The signatures that the chain will count, under the indexes that it counts them by. */
export function countedSignatures(
  { address, account }: { address: BareAddress; account: AccessAccount },
  message: Uint8Array,
  given: readonly SignatureOf[],
): FlowSignature[] {
  return usableKeys(account).flatMap((key) => {
    const publicKey = publicKeyOf(key)
    const found = given.find(
      ({ scheme, publicKey: by, signature }) =>
        scheme === 'p256-sha256' && equalBytes(by, publicKey) && isSignedBy(publicKey, message, signature),
    )
    if (!found) return []
    return [{ address, keyIndex: key.index, signature: found.signature }]
  })
}

/** Whether these signatures, each by another key, are of so much weight that the account agrees. */
export function isEnough(account: AccessAccount, message: Uint8Array, signatures: readonly FlowSignature[]): boolean {
  const indexes = new Set(signatures.map(({ keyIndex }) => keyIndex))
  if (indexes.size !== signatures.length) return false
  const weights = signatures.map(({ keyIndex, signature }) => {
    const key = usableKeys(account).find(({ index }) => index === keyIndex)
    return key && isSignedBy(publicKeyOf(key), message, signature) ? key.weight : Number.NaN
  })
  // One that is wrong fails the transaction, whatever the others weigh.
  return weights.reduce((sum, weight) => sum + weight, 0) >= THRESHOLD
}
