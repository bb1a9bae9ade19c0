import { derToP1363, fromUtf8 } from '@strongroom/crypto'
import { p256 } from '@noble/curves/nist.js'
import { bytesToBigInt, bytesToHex, encodeAbiParameters, hexToBytes, numberToHex, parseAbiParameters } from 'viem'

/** What an authenticator answered, as WebAuthn names it; the signature in DER or as r and s. */
export interface Assertion {
  readonly authenticatorData: Uint8Array
  readonly clientDataJSON: Uint8Array
  readonly signature: Uint8Array
}

const fields = parseAbiParameters('bytes32, bytes32, uint256, uint256, bytes, string')

/**
 * An assertion as the verifier of passkeys takes it: what `SignatureOf` of a passkey holds. Its challenge must be the message.
 * @throws TypeError where the client data names no type or challenge; what else is wrong with it the verifier finds.
 */
export function encodeAssertion({ authenticatorData, clientDataJSON, signature }: Assertion): Uint8Array {
  const client = fromUtf8(clientDataJSON)
  const [type, challenge] = [positionOf(client, '"type":"'), positionOf(client, '"challenge":"')]
  const compact = lowS(signature.length === 64 ? signature : derToP1363(signature))
  const [r, s] = [bytesToHex(compact.subarray(0, 32)), bytesToHex(compact.subarray(32))]
  const values = [r, s, challenge, type, bytesToHex(authenticatorData), client] as const
  // A struct with members of no fixed size is encoded without the offset that a tuple would have.
  return hexToBytes(encodeAbiParameters(fields, values))
}

/** In bytes, as Solidity counts. */
function positionOf(client: string, field: string): bigint {
  const index = client.indexOf(field)
  if (index < 0) throw new TypeError('the client data is not of an assertion')
  return BigInt(Buffer.byteLength(client.slice(0, index)))
}

const ORDER = p256.Point.CURVE().n

/** The twin with the lower s: verifiers on a chain take no other, and phones give the higher one half of the time. */
export function lowS(signature: Uint8Array): Uint8Array {
  if (signature.length !== 64) throw new TypeError('a signature is r and s, 64 bytes')
  const s = bytesToBigInt(signature.subarray(32))
  if (s <= ORDER / 2n) return signature
  return Uint8Array.from([...signature.subarray(0, 32), ...hexToBytes(numberToHex(ORDER - s, { size: 32 }))])
}
