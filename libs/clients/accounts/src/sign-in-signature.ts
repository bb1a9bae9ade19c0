import { derToP1363, toHex, toUtf8 } from '@strongroom/crypto'
import type { DeviceKey } from '@strongroom/device-auth-client'

const CHALLENGE = /^[0-9a-f]{64}$/

/** x and y, 128 hex digits: how this API names a key. */
export const publicKeyOf = ({ deviceVerifyingKey }: Pick<DeviceKey, 'deviceVerifyingKey'>): string =>
  deviceVerifyingKey.slice(2)

/**
 * Over the text of the challenge, as Hyphen has it: the hex is not decoded. r and s, IEEE P1363, 128 hex digits.
 * @throws TypeError for anything but a challenge: a key that signs what a server sends signs its transactions, too.
 */
export async function signChallenge(key: DeviceKey, challengeData: string): Promise<string> {
  if (!CHALLENGE.test(challengeData)) throw new TypeError('a challenge is 32 bytes of hex')
  return toHex(await signMessage(key, toUtf8(challengeData)))
}

/** r and s, 64 bytes. */
export const signMessage = async (key: DeviceKey, message: Uint8Array): Promise<Uint8Array> =>
  derToP1363(await key.sign(message))
