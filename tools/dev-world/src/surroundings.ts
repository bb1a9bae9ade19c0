import { type FaceStub, startFaceStub } from '@strongroom/face-stub'
import { type Issuer, startIssuer } from '@strongroom/issuer'
import { type ObjectStore, startObjectStore } from '@strongroom/object-store'
import { type Outbox, startOutbox } from '@strongroom/outbox'
import { findRedis } from '@strongroom/redis'
import type { App, Need } from './apps.ts'
import { startChains, type WorldChains } from './chains.ts'
import { facesOf, issuerOf, logOf, objectsOf, pushIdentityOf, type Places } from './places.ts'
import type { Say } from './report.ts'
import { ADMINISTRATOR, signingKey } from './signing-key.ts'
import { type SupervisedRedis, superviseRedis } from './supervise-redis.ts'

export type Settings = Readonly<Record<string, string>>

/** What stands around the apps: where all that they send is caught, and whatever else any of them needs. */
export interface Surroundings {
  readonly outbox: Outbox
  readonly issuer: Issuer | undefined
  /** A stub: who knows a face by what it says. */
  readonly faces: FaceStub | undefined
  readonly objects: ObjectStore | undefined
  readonly chains: WorldChains | undefined
  /** The public key of who administers, `G…`. */
  readonly administrator: string | undefined
  /** None where no redis-server is installed: an app can do without. */
  readonly redis: SupervisedRedis | undefined
}

export interface SurroundingsRequest {
  readonly places: Places
  readonly apps: readonly App[]
  readonly say: Say
}

/** Starts what the apps need; the stack takes it down. */
export async function startSurroundings(
  request: SurroundingsRequest,
  stack: AsyncDisposableStack,
): Promise<Surroundings> {
  const needed = new Set(request.apps.flatMap(({ needs = [] }) => needs))
  const [outbox, issuer, faces, objects, redis, chains] = await Promise.all([
    startCatching(request, stack),
    needed.has('issuer') || needed.has('firebase') ? startIssuing(request, stack) : undefined,
    needed.has('faces') ? startFaces(request, stack) : undefined,
    needed.has('objects') ? startObjects(request, stack) : undefined,
    needed.has('redis') ? startRedisHere(request, stack) : undefined,
    needed.has('chain') ? startChainsHere(request, stack) : undefined,
  ])
  const administrator = needed.has('administrator') ? signingKey(request.places, ADMINISTRATOR).keyId : undefined
  return { outbox, issuer, faces, objects, administrator, redis, chains }
}

const usualOutboxPort = 8025

async function startCatching({ places, say }: SurroundingsRequest, stack: AsyncDisposableStack): Promise<Outbox> {
  const pushFile = pushIdentityOf(places)
  const outbox = await startOutbox({ httpPort: usualOutboxPort, smtpPort: 1025, pushPort: 8026, pushFile })
  stack.defer(() => outbox.stop())
  const { port } = new URL(outbox.url)
  if (port !== String(usualOutboxPort)) say(`port ${usualOutboxPort} is busy: the outbox takes ${port}`)
  return outbox
}

const usualIssuerPort = 4010

async function startIssuing({ places, say }: SurroundingsRequest, stack: AsyncDisposableStack): Promise<Issuer> {
  const issuer = await startIssuer({ port: usualIssuerPort, stateDir: issuerOf(places) })
  stack.defer(() => issuer.close())
  const { port } = new URL(issuer.url)
  if (port !== String(usualIssuerPort)) say(`port ${usualIssuerPort} is busy: the issuer takes ${port}`)
  return issuer
}

const usualFacesPort = 4020

async function startFaces({ places, say }: SurroundingsRequest, stack: AsyncDisposableStack): Promise<FaceStub> {
  const faces = await startFaceStub({ port: usualFacesPort, stateDir: facesOf(places) })
  stack.defer(() => faces.close())
  const { port } = new URL(faces.url)
  if (port !== String(usualFacesPort)) say(`port ${usualFacesPort} is busy: the stub of FaceTec takes ${port}`)
  return faces
}

const usualObjectsPort = 4030

/** Files that apps call public lie under `pub`: anybody reads them, as by a policy of the bucket. */
async function startObjects({ places, say }: SurroundingsRequest, stack: AsyncDisposableStack): Promise<ObjectStore> {
  const objects = await startObjectStore({
    port: usualObjectsPort,
    stateDir: objectsOf(places),
    publicPrefix: 'pub',
  })
  stack.defer(() => objects.close())
  const { port } = new URL(objects.url)
  if (port !== String(usualObjectsPort)) say(`port ${usualObjectsPort} is busy: the object store takes ${port}`)
  return objects
}

/** What clients ask for a file of it, and post to. */
export const bucketOf = ({ url, access }: ObjectStore): string => `${url}/${access.bucket}`

async function startRedisHere({ places, say }: SurroundingsRequest, stack: AsyncDisposableStack) {
  if (!findRedis()) return undefined
  const redis = await superviseRedis({ log: logOf(places, 'redis'), say })
  stack.defer(() => redis.stop())
  return redis
}

async function startChainsHere({ places, say }: SurroundingsRequest, stack: AsyncDisposableStack) {
  const chains = await startChains(places, say)
  stack.defer(() => chains.close())
  return chains
}

/** The settings that tell an app where what it needs is, and nothing of what it does not. */
export async function settingsFor({ needs = [] }: App, surroundings: Surroundings): Promise<Settings> {
  const told = await Promise.all(needs.map(async (need) => settings[need](surroundings)))
  return Object.assign({}, ...told) as Settings
}

const settings: Readonly<Record<Need, (surroundings: Surroundings) => Settings | Promise<Settings>>> = {
  mail: ({ outbox }) => ({ SMTP_URL: outbox.smtp, MAIL_FROM: 'Strongroom <keys@strongroom.example>' }),
  sms: ({ outbox }) => ({
    SMS_HTTP_URL: new URL('/sms', outbox.url).href,
    SMS_HTTP_TOKEN: 'the-outbox-does-not-ask',
  }),
  push: ({ outbox }) => outbox.push.environment(),
  issuer: ({ issuer }) => (issuer ? { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: issuer.audience } : {}),
  firebase: ({ issuer }) =>
    issuer
      ? {
          FIREBASE_PROJECT_ID: issuer.audience,
          FIREBASE_ISSUER: issuer.url,
          FIREBASE_KEYS_URL: issuer.keysUrl,
          FIREBASE_AUTH_EMULATOR_HOST: issuer.firebaseHost,
        }
      : {},
  faces: ({ faces }) => (faces ? { FACETEC_URL: faces.url } : {}),
  objects: ({ objects }) =>
    objects
      ? {
          OBJECTS_URL: objects.url,
          OBJECTS_REGION: objects.access.region,
          OBJECTS_BUCKET: objects.access.bucket,
          OBJECTS_ACCESS_KEY_ID: objects.access.accessKeyId,
          OBJECTS_SECRET_ACCESS_KEY: objects.access.secretAccessKey,
        }
      : {},
  administrator: ({ administrator }) =>
    administrator
      ? {
          LEDGER_NETWORK_PASSPHRASE: 'TokenD Developer Network',
          LEDGER_MASTER_ACCOUNT: administrator,
          LEDGER_ADMIN_KEYS: administrator,
          // Nobody answers there: who follows a link of a mail reads what stands in it.
          CLIENT_ROUTER_URL: 'http://127.0.0.1:8080/r',
        }
      : {},
  chain: ({ chains }) => chains?.settings ?? {},
  redis: ({ redis }) => (redis ? { REDIS_URL: redis.url } : {}),
}
