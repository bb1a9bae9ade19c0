import { randomBytes } from 'node:crypto'
import { fromHex } from '@strongroom/crypto'
import { didOf, makePresentation, openApi, Secret, textOf } from '@strongroom/sss-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import vector from '../../vectors/learncard-did-auth.json' with { type: 'json' }
import { publishedWire } from '../src/published-wire.ts'
import { type SssWorld, startSssWorld } from '../src/sss-world.ts'
import { newEmail } from '../src/wallet-owner.ts'

const seed = new Secret(fromHex(vector.seed))
const newShare = () => randomBytes(33).toString('hex')

let sss: SssWorld
beforeAll(async () => {
  sss = await startSssWorld()
})
afterAll(async () => {
  await sss[Symbol.asyncDispose]()
})

const wireOf = (email: string) => publishedWire(sss.apiUrl, () => sss.world.issuer.issueToken({ email }))

describe('the presentation that never changes', () => {
  test('is the published one to the byte, and the app knows its wallet by it, for ever', async () => {
    expect([didOf(seed), textOf(makePresentation(seed))]).toEqual([vector.did, vector.token])
    const wire = wireOf(newEmail())
    const share = newShare()
    const stored = { vp: vector.token, primaryDid: vector.did }
    expect(await wire.storeShare(share, stored)).toMatchObject({
      status: 200,
      body: { success: true, shareVersion: 1 },
    })
    expect(await wire.storeShare(share, stored)).toMatchObject({
      status: 200,
      body: { success: true, shareVersion: 2 },
    })
    expect((await wire.readShare()).body).toMatchObject({ primaryDid: vector.did, shareVersion: 2 })
  })

  test('counts, and not the DID in the body', async () => {
    const wire = wireOf(newEmail())
    await wire.storeShare(newShare(), { vp: vector.token, primaryDid: 'did:key:z6MkSomebodyElse' })
    expect((await wire.readShare()).body).toMatchObject({ primaryDid: vector.did })
  })

  test('with one character changed is nobody’s', async () => {
    const wire = wireOf(newEmail())
    const [header, payload, signature = ''] = vector.token.split('.')
    const forged = [header, payload, `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`].join('.')
    const { status, body } = await wire.storeShare(newShare(), { vp: forged, primaryDid: vector.did })
    expect([status, body]).toMatchObject([401, { message: 'UNAUTHORIZED', code: 'UNAUTHORIZED' }])
    expect((await wire.readShare()).body).toBeNull()
  })
})

describe('a client that has no presentation', () => {
  test('reads and migrates with its login, and changes nothing', async () => {
    const wire = wireOf(newEmail())
    const share = newShare()
    await wire.storeShare(share, { vp: vector.token, primaryDid: vector.did })
    expect((await wire.readShare()).body).toMatchObject({ authShare: { encryptedData: share } })
    expect(await wire.migrate({})).toMatchObject({ status: 200, body: { success: true } })
    const refused = await Promise.all([
      wire.storeShare(newShare(), { primaryDid: vector.did }),
      wire.addRecovery({ type: 'phrase', shareVersion: 1 }),
      wire.remove({}),
    ])
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401])
    expect((await wire.readShare()).body).toMatchObject({ shareVersion: 1, recoveryMethods: [] })
  })

  test('is ours too: the header is there where a presentation is, and else it is not', async () => {
    const seen: [string, string | null][] = []
    const watched: typeof fetch = (url, request) => {
      seen.push([request?.method ?? '', new Headers(request?.headers).get('authorization')])
      return fetch(url, request)
    }
    const api = openApi({ baseUrl: sss.apiUrl, deadline: 60, fetch: watched })
    const authToken = new Secret(await sss.world.issuer.issueToken({ email: newEmail() }))
    const login = { authToken, providerType: 'firebase' } as const
    await api.keys.readAuthShare(login)
    await api.keys.storeAuthShare(
      { ...login, presentation: makePresentation(seed) },
      { authShare: new Secret(newShare()), primaryDid: vector.did },
    )
    await api.keys.markMigrated(login)
    expect(seen).toEqual([
      ['POST', null],
      ['PUT', `Bearer ${vector.token}`],
      ['POST', null],
    ])
  })
})

const asSent = (encryptedData: string) => ({ encryptedData, encryptedDek: '', iv: '' })

describe('the version of a share', () => {
  test('is the current one where none is named, whatever its type, and an unknown one has no share', async () => {
    const wire = wireOf(newEmail())
    const [first, second] = [newShare(), newShare()]
    const stored = { vp: vector.token, primaryDid: vector.did }
    // The published client takes a missing version for 1: it is always there.
    expect((await wire.storeShare(first, stored)).body).toEqual({ success: true, shareVersion: 1 })
    await wire.storeShare(second, stored)
    const shareAt = async (shareVersion?: number | string) => {
      const { body } = await wire.readShare(shareVersion === undefined ? {} : { shareVersion })
      return (body as { authShare: unknown }).authShare
    }
    expect(await shareAt()).toEqual(asSent(second))
    expect(await shareAt(1)).toEqual(asSent(first))
    expect(await shareAt('2')).toEqual(asSent(second))
    expect(await shareAt(3)).toBeNull()
  })

  test('of somebody without a record is null, as JSON', async () => {
    const { status, type, body } = await wireOf(newEmail()).readShare()
    expect([status, type, body]).toEqual([200, expect.stringMatching(/^application\/json/), null])
  })
})
