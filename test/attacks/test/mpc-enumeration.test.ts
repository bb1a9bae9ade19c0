import { startIssuer, type Issuer } from '@strongroom/issuer'
import { type Device, newDevice } from '@strongroom/mpc-auth/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ask,
  askForBytes,
  codeOf,
  type CountedFaces,
  drawFrom,
  drawSeed,
  type DuoPlace,
  mustDo,
  newInstance,
  type Question,
  settleDuo,
  type SettledDuo,
  startCountedFaces,
} from '../src/index.ts'
import { type AppOnCluster, startOnCluster } from './app-on-cluster.ts'
import { startDuoOriginalWithFaces } from './mpc-auth.ts'
import { startOwnCluster, type OwnCluster } from './own-cluster.ts'
import { traced, traceOf } from './statements.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

/** What one asks about: a key and a device of somebody else, or of nobody. */
interface Subject {
  readonly keyId: string
  readonly device: Device
}

type Asking = (asker: SettledDuo, about: Subject) => Promise<Question>

const unknown = (): Subject => ({ keyId: `key_${randomness.token(16)}`, device: newDevice() })

/** What is asked by a token. Nobody can ask about another user: whose token it is, is all that is said of one. */
const questions: Record<string, Asking> = {
  'recover its share': async ({ person }, { keyId }) =>
    person.question('POST', '/v2/keyshare/recover', { key_ids: [keyId], ...(await person.scan()) }),
  'recover it beside a key of one’s own': async ({ person, keyId: own }, { keyId }) =>
    person.question('POST', '/v2/keyshare/recover', { key_ids: [own, keyId], ...(await person.scan()) }),
  'back it up': async ({ person }, { keyId }) =>
    person.question('POST', '/v2/keyshare/backup', {
      keyshares: [{ key_id: keyId, encrypted_keyshare: Buffer.from('a share').toString('base64') }],
    }),
  'list what it signed': async ({ person }, { keyId }) => person.question('GET', `/transactions?key_id=${keyId}`),
  'ask its device a challenge': async ({ person }, { device }) =>
    person.question('GET', `/auth/devices/challenge/${device.key}`),
  'revoke its device': async ({ person }, { device }) => person.question('DELETE', `/v2/devices/${device.key}`),
  'register its device, signed wrongly': async ({ person }, { device }) => {
    await person.challenge(device.key)
    const signature = newDevice().sign('00'.repeat(32))
    return person.question('POST', '/auth/devices/register', { device_id: device.key, signature })
  },
}

/** What is asked by a node, of a device that may do what it asks. */
const hooks: Record<string, (place: DuoPlace, asker: SettledDuo, about: Subject) => Question> = {
  'sign with the key': (place, { device }, { keyId }) =>
    hookOf(place, 'dsg-setup', {
      token: device.key,
      setup: { key_id: [keyId] },
      instance: newInstance(randomness),
    }),
}

const hookOf = ({ hooksUrl, nodeSecret }: DuoPlace, hook: string, body: object): Question => ({
  method: 'POST',
  url: `${hooksUrl}/hooks/${hook}`,
  headers: { authorization: `Bearer ${nodeSecret}` },
  body,
})

/** The bytes of an answer, without what was asked for and what is drawn anew each time. */
async function bytesOf(question: Question, { keyId, device }: Subject): Promise<string> {
  const said = await askForBytes(question)
  return said
    .replaceAll(keyId, '-')
    .replaceAll(device.key, '-')
    .replaceAll(/"challenge":"[0-9a-f]{64}"/g, '-')
    .replaceAll(/"created_at":"[^"]*"/g, '-')
}

describe(`case 17, enumeration, on the Duo original’s shape, ${repeat}`, () => {
  it('tells keys and devices of others from those of nobody', async () => {
    await using world = await startDuoOriginalWithFaces()
    const [asker, other] = [await settleDuo(world.place, randomness), await settleDuo(world.place, randomness)]
    for (const name of ['recover its share', 'back it up', 'revoke its device']) {
      const answers = []
      for (const about of [other, unknown()]) {
        const question = await questions[name]?.(asker, about)
        answers.push(question && codeOf(await ask(question)))
      }
      expect([name, answers[0]]).not.toEqual([name, answers[1]])
    }
  })
})

describe(`case 17, enumeration, on mpc-auth, ${repeat}`, () => {
  let cluster: OwnCluster
  let issuer: Issuer
  let faces: CountedFaces
  let app: AppOnCluster
  let place: DuoPlace
  let asker: SettledDuo
  let other: SettledDuo
  beforeAll(async () => {
    ;[cluster, issuer, faces] = await Promise.all([startOwnCluster(traced), startIssuer(), startCountedFaces()])
    const nodeSecret = 'a-secret-of-the-tests-for-one-mpc-node'
    const settings = {
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: issuer.audience,
      FACETEC_URL: faces.url,
      HOOKS_PORT: '0',
      HOOKS_SECRETS: `node-1=${nodeSecret}`,
      REQUESTS_PER_USER: '100000',
      CHALLENGES_PER_USER: '100000',
      RECOVERY_HSM_PIN_FILE: undefined,
    }
    app = await startOnCluster(cluster.url, settings, 'mpc-auth')
    const api = await app.spawn({}, '--role=api')
    place = {
      baseUrl: api.baseUrl,
      hooksUrl: api.beside['hooks'] ?? '',
      nodeSecret,
      facesUrl: faces.url,
      tokenOf: (subject) => issuer.issueToken({ subject, provider: 'oidc' }),
    }
    asker = await settleDuo(place, randomness)
    other = await settleDuo(place, randomness)
  })
  afterAll(async () => {
    await app?.[Symbol.asyncDispose]()
    await Promise.all([cluster?.[Symbol.asyncDispose](), faces?.[Symbol.asyncDispose](), issuer?.close()])
  })

  const asked = Object.entries(questions)
  const all: (readonly [string, Asking])[] = [
    ...asked,
    ...Object.entries(hooks).map(
      ([name, hook]) => [name, async (who: SettledDuo, about: Subject) => hook(place, who, about)] as const,
    ),
  ]

  it.each(all)('%s: a foreign one and an unknown one answer alike to the byte', async (_, question) => {
    for (let round = 0; round < 3; round++) {
      const answers = []
      for (const about of [other, unknown()]) answers.push(await bytesOf(await question(asker, about), about))
      expect(answers[1]).toBe(answers[0])
    }
  })

  it.each(all)('%s: a foreign one and an unknown one take the same statements and commits', async (_, question) => {
    const traces = []
    for (const about of [other, unknown()]) {
      const one = await question(asker, about)
      traces.push(await traceOf(app, () => ask(one)))
    }
    expect(traces[0]?.length).toBeGreaterThan(0)
    expect(traces[1]).toEqual(traces[0])
  })

  it('a trace sees what it should: what is one’s own takes other statements', async () => {
    for (const name of ['recover its share', 'back it up']) {
      const traces = []
      for (const about of [asker, unknown()]) {
        const one = await questions[name]?.(asker, about)
        traces.push(one && (await traceOf(app, () => ask(one))))
      }
      expect([name, traces[1]]).not.toEqual([name, traces[0]])
    }
  })

  it('only who signs by a device’s key is told that it is another’s, as the contract demands', async () => {
    const signed = {
      device_id: other.device.key,
      signature: other.device.sign(await asker.person.challenge(other.device.key)),
    }
    expect(codeOf(await asker.person.addDevice({ ...signed, ...(await asker.person.scan()) }))).toBe(100401)
  })

  it('a face is not enrolled by a device that is another’s, nor is it told from one of nobody', async () => {
    const { person } = await settleWithoutFace()
    const codes = []
    for (const { device } of [other, unknown()]) {
      const signature = device.sign(await person.challenge(device.key))
      codes.push(codeOf(await person.addFace({ ...(await person.scan()), device_id: device.key, signature })))
    }
    expect(codes).toEqual([100501, 100501])
  })

  async function settleWithoutFace(): Promise<SettledDuo> {
    const settled = await settleDuo(place, randomness)
    await app.sql(`
      delete from key_shares.faces using key_shares.devices
       where faces.user_id = devices.user_id and verifying_key = '\\x${settled.device.key}'`)
    await mustDo(settled.person.send('GET', '/v2/face'))
    return settled
  }
})
