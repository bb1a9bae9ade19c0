import { derToP1363, fromBase64url, fromUtf8, toBase64url, uncompressP256Key } from '@strongroom/crypto'
import { verifyAuthenticationResponse } from '@simplewebauthn/server'
import { z } from 'zod'
import type { PasskeyAssertion } from './passkey-shapes.ts'

/** Which pages and apps a passkey may be used on. */
export interface PasskeyRules {
  /** The relying party: a domain. */
  readonly rpId: string
  /** Exactly as `clientDataJSON` names them: `https://wallet.example.com`, `android:apk-key-hash:…`. */
  readonly origins: readonly string[]
}

/** A passkey as it was registered. */
export interface Passkey {
  /** x and y, 64 bytes, on P-256. */
  readonly publicKey: Uint8Array
  /** Base64url; where it is not known, an assertion of any id may be signed by the key. */
  readonly credentialId?: string
  /** What its authenticator counted so far; 0 of one that does not count. */
  readonly signCount: number
  /** Whether it may be kept in several places. It never changes: where it is known, another answer is refused. */
  readonly backupEligible?: boolean
}

export interface Answered {
  readonly assertion: PasskeyAssertion
  /** 32 bytes. */
  readonly challenge: Uint8Array
  readonly passkey: Passkey
}

export interface AnsweredRightly {
  /** To be kept, so that a copy of the authenticator is noticed. */
  readonly signCount: number
  /** Whether it is kept in several places now. */
  readonly backedUp: boolean
}

const CHALLENGE_BYTES = 32
const KEY_BYTES = 64

/**
 * Judges the answer of a passkey by WebAuthn Level 3, section 7.2: ES256 alone; type, challenge, origin, relying party,
 * presence and verification of the person, and the count. `undefined`: it is not its answer, here, to this challenge.
 * @throws TypeError where challenge, key or rules are none.
 */
export async function verifyPasskey(rules: PasskeyRules, answered: Answered): Promise<AnsweredRightly | undefined> {
  const { assertion, challenge, passkey } = answered
  const { rpId, origins } = checkRules(rules)
  if (challenge.length !== CHALLENGE_BYTES) throw new TypeError('a challenge has 32 bytes')
  const { credentialId: id, userHandle, ...response } = assertion
  if (passkey.credentialId !== undefined && passkey.credentialId !== id) return undefined
  if (!isOfOnePage(readClientData(assertion))) return undefined
  const credential = { id, publicKey: toCose(passkey.publicKey), counter: passkey.signCount }
  try {
    // The library overlooks wrong lengths and trailing bytes; a signature is not to be written in many ways.
    derToP1363(fromBase64url(assertion.signature), 'P-256')
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: { ...response, ...(userHandle !== undefined && { userHandle }) },
        clientExtensionResults: {},
      },
      expectedChallenge: toBase64url(challenge),
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      expectedType: 'webauthn.get',
      requireUserVerification: true,
      credential,
    })
    if (!verified || !isAsMade(passkey, authenticationInfo.credentialDeviceType)) return undefined
    return { signCount: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp }
  } catch {
    // It throws for whatever is not as it should be; the caller is told no reason.
    return undefined
  }
}

export const isEligible = (deviceType: 'singleDevice' | 'multiDevice'): boolean => deviceType === 'multiDevice'

const isAsMade = ({ backupEligible }: Passkey, deviceType: 'singleDevice' | 'multiDevice'): boolean =>
  backupEligible === undefined || backupEligible === isEligible(deviceType)

/** @throws TypeError where the rules would let in what they should not. */
export function checkRules(rules: PasskeyRules): PasskeyRules {
  const { rpId, origins } = rules
  if (!rpId || origins.length === 0 || origins.some((one) => !one || one === 'null' || one.includes('*')))
    throw new TypeError('a passkey needs a relying party, and origins that are named exactly')
  return rules
}

/** An assertion as an account on a chain takes it: positions are those of bytes in `clientDataJSON`. */
export interface AssertionParts {
  readonly r: Uint8Array
  readonly s: Uint8Array
  readonly authenticatorData: Uint8Array
  readonly clientDataJSON: string
  readonly challengeIndex: number
  readonly typeIndex: number
}

/**
 * Takes an assertion apart for an account whose signer is the passkey; verifies nothing. `undefined`: a field is malformed,
 * or `clientDataJSON` is not written as section 5.8.1.1 says.
 */
export function splitAssertion(assertion: PasskeyAssertion): AssertionParts | undefined {
  try {
    const clientDataJSON = fromUtf8(fromBase64url(assertion.clientDataJSON))
    const typeIndex = clientDataJSON.indexOf('"type":"webauthn.get"')
    const challengeIndex = clientDataJSON.indexOf('"challenge":"')
    // The chain counts bytes: whoever puts letters of several bytes before them would move them.
    if (typeIndex !== 1 || challengeIndex !== '{"type":"webauthn.get",'.length) return undefined
    const signature = derToP1363(fromBase64url(assertion.signature), 'P-256')
    const authenticatorData = fromBase64url(assertion.authenticatorData)
    const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
    return { r, s, authenticatorData, clientDataJSON, challengeIndex, typeIndex }
  } catch {
    return undefined
  }
}

const clientData = z.object({ crossOrigin: z.boolean().optional(), topOrigin: z.unknown().optional() })

export function readClientData({ clientDataJSON }: { readonly clientDataJSON: string }): unknown {
  try {
    return JSON.parse(fromUtf8(fromBase64url(clientDataJSON))) as unknown
  } catch {
    return undefined
  }
}

/** In a frame of another site's page a person does not see whom they answer. */
export function isOfOnePage(data: unknown): boolean {
  const { data: read } = clientData.safeParse(data)
  return read !== undefined && read.crossOrigin !== true && read.topOrigin === undefined
}

/** RFC 9053: a COSE key of kty EC2, alg ES256, crv P-256, and nothing else, so that no caller names an algorithm. */
function toCose(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  if (publicKey.length !== KEY_BYTES) throw new TypeError('the key of a passkey is x and y, 64 bytes')
  uncompressP256Key(Uint8Array.of(4, ...publicKey))
  const [x, y] = [publicKey.subarray(0, 32), publicKey.subarray(32)]
  return Uint8Array.of(0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20, ...x, 0x22, 0x58, 0x20, ...y)
}
