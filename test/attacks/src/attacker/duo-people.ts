import { requestScan, type ScanRequest } from '@strongroom/face-stub'
import { type Device, newDevice } from '@strongroom/mpc-auth/testing'
import { ask, type Answer, type Question } from './ask.ts'
import type { Randomness } from './randomness.ts'

/** A server of the Duo API with its hooks, the issuer whose tokens it takes, the face server that it asks. */
export interface DuoPlace {
  readonly baseUrl: string
  readonly hooksUrl: string
  /** By which an MPC node says who it is. */
  readonly nodeSecret: string
  readonly facesUrl: string
  readonly tokenOf: (subject: string) => Promise<string>
}

export type Fields = Readonly<Record<string, unknown>>

/** A body, read; empty where there is none. */
export const readAnswer = ({ body }: Answer): Fields => (body.startsWith('{') ? (JSON.parse(body) as Fields) : {})

/** The number of a refusal; of an answer that is none, its status. */
export const codeOf = (answer: Answer): number =>
  (readAnswer(answer)['error'] as { code: number } | undefined)?.code ?? answer.status

export interface Scan {
  readonly face_scan: string
  readonly audit_trail_image: string
  readonly low_quality_audit_trail_image: string
}

export async function scanFrom({ facesUrl }: Pick<DuoPlace, 'facesUrl'>, wish: ScanRequest): Promise<Scan> {
  const { faceScan, auditTrailImage, lowQualityAuditTrailImage } = await requestScan(facesUrl, wish)
  return {
    face_scan: faceScan,
    audit_trail_image: auditTrailImage,
    low_quality_audit_trail_image: lowQualityAuditTrailImage,
  }
}

export interface Signed {
  readonly device_id: string
  readonly signature: string
}

/** Somebody with an access token; by it everything is asked. */
export async function duoPerson(place: DuoPlace, subject: string) {
  const token = await place.tokenOf(subject)
  const question = (method: string, path: string, body?: object): Question => ({
    method,
    url: `${place.baseUrl}${path}`,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body }),
  })
  const send = (method: string, path: string, body?: object): Promise<Answer> => ask(question(method, path, body))
  const challenge = async (key: string): Promise<string> =>
    String(readAnswer(await send('GET', `/auth/devices/challenge/${key}`))['challenge'])
  const signed = async ({ key, sign }: Device): Promise<Signed> => ({
    device_id: key,
    signature: sign(await challenge(key)),
  })
  return {
    subject,
    token,
    question,
    send,
    challenge,
    signed,
    /** Whose face it is, is what its scan says. */
    scan: (person = subject) => scanFrom(place, { person }),
    addDevice: (body: object) => send('POST', '/auth/devices/register', body),
    addFace: (body: object) => send('POST', '/auth/face/register', body),
    backUp: (keyId: string, share: string) =>
      send('POST', '/v2/keyshare/backup', { keyshares: [{ key_id: keyId, encrypted_keyshare: share }] }),
    recover: (keyIds: readonly string[], scan: Scan) =>
      send('POST', '/v2/keyshare/recover', { key_ids: keyIds, ...scan }),
  }
}
export type DuoPerson = Awaited<ReturnType<typeof duoPerson>>

/** What an MPC node asks; the answer is `ok` or `reject`. */
export async function askHook({ hooksUrl, nodeSecret }: DuoPlace, hook: string, body: Fields): Promise<unknown> {
  const answer = await ask({
    method: 'POST',
    url: `${hooksUrl}/hooks/${hook}`,
    headers: { authorization: `Bearer ${nodeSecret}` },
    body,
  })
  return JSON.parse(answer.body) as unknown
}

export const newInstance = (randomness: Randomness): string =>
  Array.from({ length: 64 }, () => randomness.integer(16).toString(16)).join('')

/** Somebody with everything: a device, a face, a key with its backup. */
export interface SettledDuo {
  readonly person: DuoPerson
  readonly device: Device
  readonly keyId: string
  /** Base64, as it was sent. */
  readonly share: string
}

export async function settleDuo(
  place: DuoPlace,
  randomness: Randomness,
  subject = `auth0|${randomness.token(24)}`,
): Promise<SettledDuo> {
  const person = await duoPerson(place, subject)
  const device = newDevice()
  await mustDo(person.send('POST', '/auth/users/register', {}))
  await mustDo(person.addDevice({ ...(await person.signed(device)), device_name: 'a phone' }))
  await mustDo(person.addFace({ ...(await person.scan()), ...(await person.signed(device)) }))
  const keyId = `key_${randomness.token(16)}`
  await makeKey(place, { device, keyId, instance: newInstance(randomness) })
  const share = Buffer.from(randomness.token(60)).toString('base64')
  await mustDo(person.backUp(keyId, share))
  return { person, device, keyId, share }
}

export async function makeKey(
  place: DuoPlace,
  { device, keyId, instance }: { device: Device; keyId: string; instance: string },
): Promise<void> {
  const verdicts = [
    await askHook(place, 'dkg-setup', { token: device.key, setup: {}, instance }),
    await askHook(place, 'key-id', { token: device.key, key_id: keyId, instance }),
  ]
  if (verdicts.some((verdict) => verdict !== 'ok')) throw new Error(`A key was not made: ${verdicts.join(', ')}`)
}

export const askToSign = (
  place: DuoPlace,
  { device, keyId, instance }: { device: Device; keyId: string; instance: string },
): Promise<unknown> => askHook(place, 'dsg-setup', { token: device.key, setup: { key_id: [keyId] }, instance })

/** What an attack needs to begin with. */
export async function mustDo(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked
  if (answer.status >= 300) throw new Error(`A step was answered with ${String(answer.status)}: ${answer.body}`)
  return answer
}
