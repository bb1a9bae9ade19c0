import type { Registered } from './api/answers.ts'
import type { DeviceProof } from './api/devices.ts'
import type { DuoClient } from './api/duo-client.ts'
import { DuoError, duoCodes } from './api/error.ts'
import type { FaceScan } from './api/faces.ts'
import type { DeviceKey } from './device-key.ts'
import { signChallenge } from './sign-challenge.ts'

export interface Enrolment {
  /** 1 to 64 characters, for the user's list of devices. */
  readonly name?: string
  /** Asked when the server demands a face, with a session token for the FaceTec SDK; at most once. */
  readonly scanFace?: (sessionToken: string) => Promise<FaceScan>
  /** The FaceTec SDK's own, for the session token: where the FaceTec server wants it. */
  readonly userAgent?: string
}

/**
 * Registers the device of a registered user: challenge, signature, and a face where the server demands one. An answer that
 * is lost does no harm: called again it says `already-registered`.
 * @throws DuoError: `faceVerificationRequired` when a face is demanded and there is no `scanFace`; or what that throws.
 */
export async function enrolDevice(
  client: DuoClient,
  key: DeviceKey,
  { name, scanFace, userAgent }: Enrolment = {},
): Promise<Registered> {
  const proof = await proveDevice(client, key)
  try {
    return await client.registerDevice(proof, { name })
  } catch (error) {
    const isFaceDemanded = error instanceof DuoError && error.code === duoCodes.faceVerificationRequired
    if (!isFaceDemanded || !scanFace) throw error
  }
  const face = await scanFace(await client.faceSessionToken(userAgent))
  // The demand did not use the challenge up, nor its signature.
  return client.registerDevice(proof, { name, face })
}

/** A signature over a fresh challenge: for `registerDevice`, and for `registerFace` where the user has a device. */
export async function proveDevice(client: DuoClient, key: DeviceKey): Promise<DeviceProof> {
  const { challenge } = await client.getChallenge(key.deviceVerifyingKey)
  return { deviceId: key.deviceVerifyingKey, signature: await signChallenge(key, challenge) }
}
