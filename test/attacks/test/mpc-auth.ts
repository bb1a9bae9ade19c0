import { NODE_SECRET, startMpcAuth as startWorld, type World } from '@strongroom/mpc-auth/testing'
import type { AppProcess, AppWish } from '@strongroom/test-world'
import {
  type CountedFaces,
  type DuoOriginal,
  type DuoPlace,
  startCountedFaces,
  startDuoOriginal,
} from '../src/index.ts'
import { baseUrlOf } from './key-server.ts'

/** Our app as the target, its face server counted. */
export interface MpcAuth extends AsyncDisposable {
  readonly world: World
  readonly faces: CountedFaces
}

export async function startMpcAuth({ settings, ...wish }: Omit<AppWish, 'app'> = {}): Promise<MpcAuth> {
  const faces = await startCountedFaces()
  try {
    const world = await startWorld({ ...wish, settings: { LOG_LEVEL: 'debug', FACETEC_URL: faces.url, ...settings } })
    return {
      world,
      faces,
      async [Symbol.asyncDispose]() {
        await world[Symbol.asyncDispose]()
        await faces[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await faces[Symbol.asyncDispose]()
    throw error
  }
}

/** One of its processes as an attack sees it. */
export const duoPlaceOf = ({ world, faces }: MpcAuth, process?: AppProcess): DuoPlace => ({
  baseUrl: process?.baseUrl ?? baseUrlOf(world.app),
  hooksUrl: (process ?? world.app.processes[0])?.beside['hooks'] ?? '',
  nodeSecret: NODE_SECRET,
  facesUrl: faces.url,
  tokenOf: (subject) => world.issuer.issueToken({ subject, provider: 'oidc' }),
})

/** Its original, and the face server that it asks. */
export interface OriginalWithFaces extends AsyncDisposable {
  readonly original: DuoOriginal
  readonly faces: CountedFaces
  readonly place: DuoPlace
}

export async function startDuoOriginalWithFaces(servers = 1): Promise<OriginalWithFaces> {
  const faces = await startCountedFaces()
  const original = await startDuoOriginal({ facesUrl: faces.url, servers })
  const baseUrl = baseUrlOf(original)
  return {
    original,
    faces,
    place: { baseUrl, hooksUrl: baseUrl, nodeSecret: 'nobody asks', facesUrl: faces.url, tokenOf: unsignedToken },
    async [Symbol.asyncDispose]() {
      await original[Symbol.asyncDispose]()
      await faces[Symbol.asyncDispose]()
    },
  }
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** No token's signature is looked at there. */
const unsignedToken = (subject: string): Promise<string> =>
  Promise.resolve([encode({ alg: 'none' }), encode({ sub: subject }), 'unsigned'].join('.'))
