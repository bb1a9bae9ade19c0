import { fromBase64url, toBase64url, uncompressP256Key } from '@strongroom/crypto'
import { verifyRegistrationResponse } from '@simplewebauthn/server'
import { cose, decodeAttestationObject, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers'
import { z } from 'zod'
import { checkRules, isEligible, isOfOnePage, type Passkey, type PasskeyRules, readClientData } from './passkey.ts'
import type { PasskeyRegistration, PasskeyRegistrationJson } from './passkey-shapes.ts'

const ES256 = -7

/** A passkey as it was made. */
export interface MadePasskey extends Required<Passkey> {
  /** Whether it was kept in several places already. */
  readonly backedUp: boolean
}

/** As a browser tells it. */
export const readRegistration = ({ id, response }: PasskeyRegistrationJson): PasskeyRegistration => ({
  credentialId: id,
  attestationObject: response.attestationObject,
  clientDataJSON: response.clientDataJSON,
})

const challenged = z.object({ challenge: z.string().regex(/^[\w-]{43}$/) })

/** The challenge of 32 bytes that a registration says it answers; nothing of it is judged yet. */
export function challengeIn(registration: PasskeyRegistration): Uint8Array | undefined {
  const { data } = challenged.safeParse(readClientData(registration))
  try {
    return data && fromBase64url(data.challenge)
  } catch {
    return undefined
  }
}

/**
 * Judges what an authenticator answered when it made a passkey, by WebAuthn Level 3, section 7.1: ES256 on P-256 alone, the
 * person present and verified, no attestation. `undefined`: it was not made here, for this challenge of 32 bytes.
 */
export async function verifyPasskeyRegistration(
  rules: PasskeyRules,
  { registration, challenge }: { readonly registration: PasskeyRegistration; readonly challenge: Uint8Array },
): Promise<MadePasskey | undefined> {
  const { rpId, origins } = checkRules(rules)
  if (challenge.length !== 32) throw new TypeError('a challenge has 32 bytes')
  const { credentialId: id, attestationObject, clientDataJSON } = registration
  if (!isOfOnePage(readClientData(registration)) || !isUnattested(attestationObject)) return undefined
  try {
    const { registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: { attestationObject, clientDataJSON },
        clientExtensionResults: {},
      },
      expectedChallenge: toBase64url(challenge),
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      expectedType: 'webauthn.create',
      requireUserPresence: true,
      requireUserVerification: true,
      supportedAlgorithmIDs: [ES256],
    })
    if (registrationInfo?.credential.id !== id) return undefined
    const { credential, credentialDeviceType, credentialBackedUp: backedUp } = registrationInfo
    const [publicKey, backupEligible] = [readKey(credential.publicKey), isEligible(credentialDeviceType)]
    return { publicKey, credentialId: id, signCount: credential.counter, backupEligible, backedUp }
  } catch {
    return undefined
  }
}

/** Any other format brings certificates, whose lists of the revoked would be fetched from wherever they say. */
function isUnattested(attestationObject: string): boolean {
  try {
    return decodeAttestationObject(new Uint8Array(fromBase64url(attestationObject))).get('fmt') === 'none'
  } catch {
    return false
  }
}

/** Throws where it is no point of P-256: ES256 alone does not say the curve. */
function readKey(coseKey: Uint8Array<ArrayBuffer>): Uint8Array {
  const key = decodeCredentialPublicKey(coseKey)
  if (!cose.isCOSEPublicKeyEC2(key) || key.get(cose.COSEKEYS.crv) !== cose.COSECRV.P256)
    throw new TypeError('not P-256')
  const [x, y] = [key.get(cose.COSEKEYS.x), key.get(cose.COSEKEYS.y)]
  if (x?.length !== 32 || y?.length !== 32) throw new TypeError('not P-256')
  return uncompressP256Key(Uint8Array.of(4, ...x, ...y)).subarray(1)
}
