import { fromBase64url, sha256 } from '@strongroom/crypto'
import {
  challengeIn,
  type PasskeyRegistrationJson,
  type PasskeyRules,
  readRegistration,
  verifyPasskeyRegistration,
} from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import type { NewCredential } from '../accounts/keys-store.ts'
import { keyHex } from '../public-key.ts'
import { challengeExpired, challengeNotFound, invalidRequest } from '../refusals.ts'
import type { UserKey } from '../shapes.ts'
import { isCredentialTaken, takeMaking } from './store.ts'

export interface MakingDeps {
  readonly database: Database
  /** `undefined` where no pages are configured: then no passkey is believed. */
  readonly passkeys: PasskeyRules | undefined
}

/** Whose a new key is to be. */
export interface Telling {
  readonly appId: string
  /** `undefined` of one that is about to be opened. */
  readonly accountId: string | undefined
}

export const registrationIn = (key: UserKey): PasskeyRegistrationJson | undefined =>
  key.type === 'passkey' ? key.registration : undefined

/**
 * Judges how a new passkey was made: for a challenge of this app, which it uses up, on our pages, by a person verified, with
 * the key that is told. `undefined` where nothing is told of it. No attestation: it says that the page saw the key made, and
 * not by which authenticator.
 */
export async function judgeMaking({ database, passkeys }: MakingDeps, whose: Telling, key: UserKey) {
  const told = registrationIn(key)
  if (!told) return undefined
  if (!passkeys) return invalidRequest()
  const registration = readRegistration(told)
  const challenge = challengeIn(registration)
  const taken = challenge && (await takeMaking(database, sha256(challenge)))
  const isTheirs = taken?.appId === whose.appId && (taken.accountId === null || taken.accountId === whose.accountId)
  if (!challenge || !taken || !isTheirs) return challengeNotFound()
  if (taken.expired) return challengeExpired()
  const made = await verifyPasskeyRegistration(passkeys, { registration, challenge })
  if (!made || keyHex(made.publicKey) !== key.publicKey) return invalidRequest()
  const { signCount, backupEligible, backedUp } = made
  const id = fromBase64url(made.credentialId)
  if (await isCredentialTaken(database.reading, { appId: whose.appId, id })) return invalidRequest()
  const credential: NewCredential = { id, appId: whose.appId, signCount, backupEligible, backedUp }
  return credential
}
