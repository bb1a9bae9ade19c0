import { implement, Refusal, reply } from '@strongroom/http'
import { proveDevice, type SignatureRefusal } from '../devices/challenge.ts'
import { wrongSignature } from '../devices/contract.ts'
import { keyBytes, keyHex } from '../devices/device-key.ts'
import { findDevice, findDevices } from '../devices/store.ts'
import type { FaceOutcome, FaceScan } from '../faces/face-matcher.ts'
import { type FaceDeps, guessFace } from '../faces/guess-face.ts'
import { beginFace, dropBegun, findFace, markRegistered } from '../faces/store.ts'
import { announce } from '../users/announce.ts'
import { nameCaller, timestamp } from '../users/caller.ts'
import { isStamped } from '../users/names.ts'
import type { User } from '../users/store.ts'
import { faceRegistered, registerFace } from './contract.ts'

interface Signed {
  readonly device_id?: string | undefined
  readonly signature?: string | undefined
}

/** Never a second time: to overwrite a face with a token alone would be to go round the step-up. */
export const enrol = implement<FaceDeps>()(registerFace, async ({ proof, body }, deps) => {
  const { database, policies } = deps
  const user = await nameCaller(deps, proof.access)
  if (user instanceof Refusal) return user
  if ((await findFace(database, user.id))?.registeredAt) return faceRegistered()
  const refused = await demandDevice(deps, user, body)
  if (refused) return refused

  const enrolled = await enrolOrMatch(deps, user, proof.face)
  if ('kind' in enrolled) return enrolled
  return database.transaction(async (tx) => {
    const at = await markRegistered(tx, user.id)
    if (!at) return faceRegistered()
    await announce(tx, policies, { userId: user.id, type: 'face.registered' })
    const blob = enrolled.scanResultBlob
    return reply(201, {
      success: true,
      message: 'Face registered successfully',
      registered_at: timestamp(at),
      ...(blob !== undefined && { scan_result_blob: blob }),
    })
  })
})

/** A stolen token must not bring a face along where the owner's devices are known. */
async function demandDevice(deps: FaceDeps, user: User, body: Signed): Promise<SignatureRefusal | undefined> {
  const { database, hsm, policies } = deps
  if (policies.faceEnrolment === 'by-token') return undefined
  const devices = await findDevices(database, user.id)
  if (!devices.some(({ active }) => active)) return undefined
  const { device_id: deviceKey, signature } = body
  if (deviceKey === undefined || signature === undefined) return wrongSignature()
  const device = await findDevice(database, keyBytes(deviceKey))
  if (!device?.active || device.userId !== user.id) return wrongSignature()
  const row = { kind: 'device', name: keyHex(device.key), stamp: device.stamp } as const
  if (!(await isStamped(hsm, user, row))) return wrongSignature()
  const answered = await proveDevice(deps, user, { deviceKey, signature })
  return answered instanceof Refusal ? answered : undefined
}

/**
 * Where an earlier enrolment may have reached the face service, the scan must be of the face that it brought; where that
 * never did, it is enrolled.
 */
async function enrolOrMatch(deps: FaceDeps, user: User, scan: FaceScan) {
  const { database, faces } = deps
  const first = await beginFace(database, user.id)
  const ask = async (ref: string): Promise<FaceOutcome> => {
    const matched = first ? undefined : await faces.match(ref, scan)
    if (matched && matched.outcome !== 'not-enrolled') return matched
    const enrolled = await faces.enrol(ref, scan)
    if (nothingKept.has(enrolled.outcome)) await dropBegun(database, user.id)
    return enrolled
  }
  return guessFace(deps, user, { scan, ask })
}

/** After `already-enrolled` a face is kept, whoever lost its answer: the next scan is matched with it. */
const nothingKept = new Set<FaceOutcome['outcome']>(['not-live', 'replayed', 'no-match', 'not-enrolled'])
