import { randomBytes } from 'node:crypto'
import {
  type DeviceKey,
  duoClient,
  type DuoClient,
  type FaceScan,
  newBackupKey,
  newDeviceKey,
  type Secret,
} from '@strongroom/device-auth-client'
import { makeScan } from '@strongroom/face-stub'
import { nodeOf, startMpcAuth, type World } from '@strongroom/mpc-auth/testing'
import type { AppProcess } from '@strongroom/test-world'
import { type EventReceiver, startReceiver } from './event-receiver.ts'

/** mpc-auth as production runs it: two processes that answer, one that works, and a system that is told of it. */
export interface DuoWorld extends AsyncDisposable {
  readonly world: World
  readonly apis: readonly [AppProcess, AppProcess]
  readonly worker: AppProcess
  readonly receiver: EventReceiver
}

export async function startDuoWorld(): Promise<DuoWorld> {
  const receiver = await startReceiver()
  const world = await startMpcAuth({ processes: 0, settings: { EVENTS_WEBHOOK_URL: receiver.url } })
  const dispose = async () => {
    await world[Symbol.asyncDispose]()
    await receiver[Symbol.asyncDispose]()
  }
  try {
    const apis = [await world.app.spawn({}, '--role=api'), await world.app.spawn({}, '--role=api')] as const
    const worker = await world.app.spawn({}, '--role=worker')
    return { world, apis, worker, receiver, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

export interface DuoOwner {
  readonly subject: string
  /** By our client, to one of the processes. */
  readonly client: DuoClient
  readonly phone: DeviceKey
  /** Kept where no server gets it. */
  readonly backupKey: Secret
  /** What the SDK would make of the owner's face, or of somebody else's. */
  readonly scanFace: (sessionToken: string, person?: string) => Promise<FaceScan>
}

/** Somebody with a login and a phone; nothing is registered yet. */
export async function ownerOf({ world, apis }: DuoWorld, of: 0 | 1 = 0): Promise<DuoOwner> {
  const subject = `auth0|${randomBytes(8).toString('hex')}`
  const accessToken = () => world.issuer.issueToken({ subject, provider: 'oidc' })
  return {
    subject,
    client: duoClient({ baseUrl: apis[of].baseUrl, accessToken }),
    phone: await newDeviceKey(),
    backupKey: newBackupKey(),
    scanFace: (session, person = subject) =>
      Promise.resolve({ ...makeScan({ person, session }), userAgent: 'facetec|sdk|journey' }),
  }
}

/** The MPC node beside one of the processes. */
export function mpcNodeOf({ world, apis }: DuoWorld, of: 0 | 1 = 0) {
  const node = nodeOf(world, undefined, apis[of])
  return {
    /** Both verdicts of a key generation. */
    async generate(device: DeviceKey, keyId: string) {
      const told = { token: device.deviceVerifyingKey, instance: randomBytes(32).toString('hex') }
      const asked = await node.hook('dkg-setup', { ...told, setup: {} })
      return [asked.body, (await node.hook('key-id', { ...told, key_id: keyId })).body]
    },
    sign: ({ deviceVerifyingKey: key }: DeviceKey, keyId: string) => node.sign({ key }, keyId),
  }
}

export const newKeyId = (): string => `key_${randomBytes(6).toString('hex')}`
