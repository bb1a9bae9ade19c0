import { fromHex, toHex, toUtf8 } from '@strongroom/crypto'
import type { DeviceKey } from '@strongroom/device-auth-client'
import type { SignatureBy } from './api/approvals.ts'
import { type AccountChange, hashOfRequest, readChange } from './evm/account-request.ts'
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
  { rpId, publicKey }: { readonly rpId: string; readonly publicKey: string },
  platform?: PasskeyPlatform,
): AccountSigner => ({
  publicKey,
  sign: async (challenge) => ({ publicKey, passKey: await askPasskey({ rpId, challenge }, platform) }),
})

export interface ExpectedChange {
  readonly kind: AccountChange['kind']
  /** Of the account, as the chain has it. */
  readonly account: string
  /** x and y of the key that comes or goes: as another channel than the server says, where there is one. */
  readonly publicKey: string
}

/** What every key of an account counts for; the threshold is twice that. */
const WEIGHT = 500n

/**
 * Signs a change of the account’s signers, if it is exactly the expected one: whatever else the server described is not
 * signed. @throws RequestError
 */
export async function signChange(
  signer: AccountSigner,
  call: unknown,
  { kind, account, publicKey }: ExpectedChange,
): Promise<SignatureBy> {
  const request = readRequest(call)
  const change = readChange(request)
  const isExpected =
    change?.kind === kind &&
    `0x${toHex(request.account)}` === account.toLowerCase() &&
    toHex(change.publicKey) === publicKey.toLowerCase() &&
    (change.kind === 'remove-signer' || change.weight === WEIGHT)
  if (!isExpected) throw new RequestError('it is another change than the expected one')
  return signer.sign(hashOfRequest(request))
}

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
