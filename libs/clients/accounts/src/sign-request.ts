import { fromHex, toHex, toUtf8 } from '@strongroom/crypto'
import type { DeviceKey } from '@strongroom/device-auth-client'
import type { SignatureBy } from './api/approvals.ts'
import { type AccountChange, hashOfRequest, readChanges } from './evm/account-request.ts'
import { readRequest, RequestError } from './evm/read-request.ts'
import { askPasskey, type PasskeyPlatform } from './passkey.ts'
import { publicKeyOf, signMessage } from './sign-in-signature.ts'

/** What signs for an account. */
export interface AccountSigner {
  /** x and y, 128 hex digits. */
  readonly publicKey: string
  sign(message: Uint8Array): Promise<SignatureBy>
}

export const signerOf = (key: DeviceKey): AccountSigner => {
  const publicKey = publicKeyOf(key)
  return {
    publicKey,
    sign: async (message) => ({ publicKey, signature: toHex(await signMessage(key, message)) }),
  }
}

export const passkeySigner = (
  {
    rpId,
    publicKey,
    credentialId,
  }: { readonly rpId: string; readonly publicKey: string; readonly credentialId?: string },
  platform?: PasskeyPlatform,
): AccountSigner => ({
  publicKey,
  sign: async (challenge) => {
    const allowed = credentialId === undefined ? [] : [credentialId]
    return { publicKey, passKey: await askPasskey({ rpId, challenge, allowed }, platform) }
  },
})

export interface ExpectedChange {
  readonly kind: AccountChange['kind']
  /** The same account stands at one address on several chains: what is signed counts on this one. */
  readonly chainId: number
  /** Of the account, as the chain has it. */
  readonly account: string
  /** x and y of the key that comes or goes: as another channel than the server says, where there is one. */
  readonly publicKey: string
  /** Of a device that goes in the same transaction. */
  readonly lost?: string
  /** Contracts that may judge the key’s signatures, where the server’s operator deployed others than this release’s. */
  readonly verifiers?: readonly string[]
  /** The time by this device’s clock, unless told. */
  readonly now?: Date
}

/** Of this release, for device keys and for passkeys: the same on every chain. */
export const usualVerifiers: readonly string[] = [
  '0x18f60c9dd11fccb0a9027de0348fe5c12f5aefe3',
  '0x409fb13b97820acabdf31e921daea899129ad387',
]

/** What every key of an account counts for; the threshold is twice that. */
const WEIGHT = 500n
/** A day, and an hour in which clocks may differ. */
const GOOD_FOR = 90_000n

/**
 * Signs a change of the account’s signers, if it is exactly the expected one: whatever else the server described is not
 * signed. @throws RequestError
 */
export async function signChange(signer: AccountSigner, call: unknown, expected: ExpectedChange): Promise<SignatureBy> {
  const { chainId, account, now = new Date() } = expected
  const request = readRequest(call)
  const changes = readChanges(request)?.map((change) => textOf(change, expected))
  const isExpected =
    request.chainId === chainId && isOneOf([account], request.account) && changes?.join() === wantedOf(expected).join()
  if (!isExpected) throw new RequestError('it is another change than the expected one')
  // Else it could be kept until it suits whoever kept it.
  if (request.deadline > BigInt(Math.ceil(now.getTime() / 1000)) + GOOD_FOR)
    throw new RequestError('it would be good for more than a day')
  return signer.sign(hashOfRequest(request))
}

const wantedOf = ({ kind, publicKey, lost }: ExpectedChange): string[] => [
  `${kind} ${publicKey.toLowerCase()}`,
  ...(lost === undefined ? [] : [`remove-signer ${lost.toLowerCase()}`]),
]

/** As it is expected; nothing for a key that counts for more, or under a verifier of somebody else’s, which is their key. */
function textOf(change: AccountChange, { verifiers = usualVerifiers }: ExpectedChange): string | undefined {
  const isUsual = change.kind === 'remove-signer' || change.weight === WEIGHT
  return isUsual && isOneOf(verifiers, change.verifier) ? `${change.kind} ${toHex(change.publicKey)}` : undefined
}

const isOneOf = (addresses: readonly string[], address: Uint8Array): boolean =>
  addresses.some((one) => one.toLowerCase() === `0x${toHex(address)}`)

const DIGEST = /^[0-9a-f]{64}$/

/** Approves a change that another device asked for: what is signed is “approve:” and the text of its digest. */
export async function approvalOf(key: DeviceKey, digest: string): Promise<SignatureBy> {
  if (!DIGEST.test(digest)) throw new RequestError('a digest is 32 bytes of hex')
  return { publicKey: publicKeyOf(key), signature: toHex(await signMessage(key, toUtf8(`approve:${digest}`))) }
}

/** The challenge of a sign-in as a passkey takes it. */
export const challengeBytes = (challengeData: string): Uint8Array => {
  if (!DIGEST.test(challengeData)) throw new TypeError('a challenge is 32 bytes of hex')
  return fromHex(challengeData)
}
