import { canonicalJson, encodeTuple, fromHex, toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { implement, Refusal, reply } from '@strongroom/http'
import { recordEvent } from '@strongroom/audit'
import { verifyP256ByOpenSsl } from '@strongroom/proofs'
import { nameCaller, takeRequest, type UserDeps } from '../users/caller.ts'
import { signatureRefused } from '../users/events.ts'
import { CHALLENGE_USE, type Owner, ownerOf } from '../users/names.ts'
import type { User } from '../users/store.ts'
import { challengeExpired, getChallenge, noChallenge, wrongSignature } from './contract.ts'
import { keyBytes } from './device-key.ts'
import { putChallenge, returnChallenge, takeChallenge } from './store.ts'

const CHALLENGE_BYTES = 32

/** Bound to user and key, so that it is good for no other; made anew when it is answered, so that no row holds it. */
const messageOf = (owner: Owner, { id, deviceKey }: { id: string; deviceKey: string }): Uint8Array =>
  encodeTuple(id, ownerOf(owner), deviceKey)

const textOf = (mac: Uint8Array): string => toHex(mac.subarray(0, CHALLENGE_BYTES))

/** By every version of the key: one that was asked for before it was rotated may be answered after. */
async function challengesOf(hsm: Keystore, message: Uint8Array): Promise<readonly string[]> {
  return (await hsm.macs(CHALLENGE_USE, message)).map(({ mac }) => textOf(mac))
}

export const challenge = implement<UserDeps>()(getChallenge, async ({ proof, params }, deps) => {
  const { database, hsm, policies, newId } = deps
  const user = await nameCaller(deps, proof)
  if (user instanceof Refusal) return user
  const limited = await takeRequest(deps.challenges, user.lookup)
  if (limited) return limited
  const { device_verifying_key: deviceKey } = params
  const id = newId()
  const text = textOf(await hsm.mac(CHALLENGE_USE, messageOf(user, { id, deviceKey })))
  const lifetime = policies.challengeLifetime
  await putChallenge(database, { userId: user.id, key: keyBytes(deviceKey) }, { id, lifetime })
  return reply(200, { challenge: text, ttl_seconds: lifetime })
})

/** A challenge that was answered rightly, and is taken: it can be given back while nothing was decided. */
export interface Answered {
  giveBack(): Promise<unknown>
}

export type SignatureRefusal = Refusal<'no-challenge'> | Refusal<'challenge-expired'> | Refusal<'wrong-signature'>

/**
 * Whether the device answered its challenge: ECDSA over one SHA-256 of the canonical JSON (RFC 8785). The challenge is
 * taken before anything is compared; a wrong signature has used it up.
 */
export async function proveDevice(
  { database, hsm }: Pick<UserDeps, 'database' | 'hsm'>,
  user: User,
  { deviceKey, signature }: { deviceKey: string; signature: string },
): Promise<Answered | SignatureRefusal> {
  const place = { userId: user.id, key: keyBytes(deviceKey) }
  const taken = await takeChallenge(database, place)
  if (!taken) return noChallenge()
  if (taken.expired) return challengeExpired()
  const texts = await challengesOf(hsm, messageOf(user, { id: taken.id, deviceKey }))
  const verifies = (text: string) =>
    verifyP256ByOpenSsl(
      { message: canonicalJson({ challenge: text }), signature: fromHex(signature), publicKey: place.key },
      { form: 'der', s: 'any' },
    )
  if (texts.some(verifies)) {
    return { giveBack: () => returnChallenge(database, place, taken) }
  }
  await recordEvent(database, signatureRefused, { subject: user.id, detail: { device: deviceKey } })
  return wrongSignature()
}
