import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ambiguousRequests,
  ask,
  believedOf,
  believedWires,
  call,
  capture,
  changedWallet,
  demandIn,
  drawFrom,
  drawSeed,
  enableTotp,
  factorsUrl,
  isDone,
  legacyReplaysOf,
  legacySigned,
  mustAnswer,
  newIdentityOwner,
  newTotp,
  passing,
  PROPER,
  questionOf,
  replaysOf,
  resign,
  settleOwner,
  signedOver,
  signerChange,
  startIdentityOriginal,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, NETWORK, originalPlaceOf, startIdentity } from './identity-storage.ts'
import { kill } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const inHalfAnHour = () => Math.floor(Date.now() / 1000) + 1800

describe(`cases 12 and 13, captured requests, on the original’s shape, ${repeat}`, () => {
  it('believes a captured signature for ever, for any body, and for a path that a header names', async () => {
    await using original = await startIdentityOriginal()
    const place = originalPlaceOf(original)
    const owner = await settleOwner(place, randomness)
    const captured = capture(place, owner)
    expect(await isDone(captured)).toBe(true)
    const believed = await believedOf(replaysOf({ place, owner, captured }))
    expect(believed).toEqual(expect.arrayContaining(['again', 'with another body', 'with another body and its digest']))

    const named = signedOver(owner.signer, [['real-request-target', `get /anything`]])
    const elsewhere = { method: 'POST', url: `${place.baseUrl}/blobs`, headers: named, body: captured.body ?? '' }
    expect(await isDone(elsewhere)).toBe(true)
    expect(await believedWires(place, ambiguousRequests({ place, owner, key: owner.signer }))).toEqual(
      expect.arrayContaining(['Signature and Authorization', 'a date of two hours ago', 'an empty digest']),
    )
  })
})

describe(`cases 12 and 13, captured requests, strict, on identity-storage, ${repeat}`, () => {
  let world: IdentityWorld
  beforeAll(async () => {
    world = await startIdentity({ processes: 2, settings: { SIGNATURES: 'strict', LEGACY_SIGNATURES: 'accepted' } })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = (process?: { baseUrl: string }) =>
    identityPlaceOf(world, { ...(process && { baseUrl: process.baseUrl }), profile: 'strict' })

  it('a captured request is good for nothing, and the same one signed anew is answered', async () => {
    const owner = await settleOwner(place(), randomness)
    const captured = capture(place(), owner)
    expect(await isDone(captured)).toBe(true)
    expect(await believedOf(replaysOf({ place: place(), owner, captured }))).toEqual([])
    expect(await isDone(resign(place(), owner.signer, captured))).toBe(true)
  })

  it('one that never arrived is good once, for its own path and body alone', async () => {
    const owner = await settleOwner(place(), randomness)
    const captured = capture(place(), owner)
    const { again: _, ...others } = replaysOf({ place: place(), owner, captured })
    const { 'in the other header': moved, 'in the other header, with its scheme': scheme, ...rest } = others
    expect(await believedOf(rest)).toEqual([])
    expect(await believedOf({ moved: moved ?? captured, captured, scheme: scheme ?? captured })).toEqual(['moved'])
  })

  it('nor at another process, nor at one that was started since', async () => {
    const owner = await settleOwner(place(), randomness)
    const dying = await world.app.spawn()
    const captured = capture(place(dying), owner)
    expect(await isDone(captured)).toBe(true)
    await kill(dying)
    for (const process of [world.app.processes[1], await world.app.spawn()]) {
      const { baseUrl } = process ?? dying
      expect(await isDone({ ...captured, url: captured.url.replace(dying.baseUrl, baseUrl) })).toBe(false)
    }
  })

  it('of many copies at once, at two processes, one is believed', async () => {
    const owner = await settleOwner(place(), randomness)
    const captured = capture(place(), owner)
    const [first = '', second = ''] = world.app.baseUrls
    const copies = Array.from({ length: 40 }, (_, turn) => ({
      ...captured,
      url: captured.url.replace(first, turn % 2 ? first : second),
    }))
    const done = await Promise.all(copies.map(isDone))
    expect(done.filter(Boolean)).toHaveLength(1)
  })

  it('headers that two readers might read differently are refused', async () => {
    const owner = await settleOwner(place(), randomness)
    expect(await believedWires(place(), ambiguousRequests({ place: place(), owner, key: owner.signer }))).toEqual([
      PROPER,
    ])
  })

  it('what covers less is refused: no digest, no date, the target alone, the first version’s signature', async () => {
    const owner = await settleOwner(place(), randomness)
    const { method, url, body = '' } = capture(place(), owner)
    const target = `post /accounts/${owner.accountId}/blobs`
    const date = new Date().toUTCString()
    for (const covered of [
      [['(request-target)', target]],
      [
        ['(request-target)', target],
        ['date', date],
      ],
      [['date', date]],
      [
        ['real-request-target', target],
        ['date', date],
      ],
    ] as const)
      expect(await isDone({ method, url, body, headers: signedOver(owner.signer, covered) })).toBe(false)
    const legacy = legacySigned(owner.signer, { target: target.slice(5), until: inHalfAnHour() })
    expect(await isDone({ method, url, body, headers: legacy })).toBe(false)
  })

  it('a retry after a step-up is signed anew, and answered', async () => {
    const owner = await settleOwner(place(), randomness)
    const totp = await enableTotp(place(), owner)
    expect(totp.id).toMatch(/^\d+$/)
  })
})

const textOf = (value: string) => JSON.stringify({ data: { type: 'alpha', attributes: { value } } })

describe(`cases 12 and 13, captured requests, compat, on identity-storage, ${repeat}`, () => {
  let world: IdentityWorld
  beforeAll(async () => {
    world = await startIdentity()
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = () => identityPlaceOf(world)

  it('what it allows: a captured signature is a bearer’s for its path and method, with any body, and for nothing else', async () => {
    const owner = await settleOwner(place(), randomness)
    const captured = capture(place(), owner)
    expect(await isDone(captured)).toBe(true)
    expect(await believedOf(replaysOf({ place: place(), owner, captured }))).toEqual([
      'again',
      'in the other header',
      'in the other header, with its scheme',
      'with another body',
      'with another body and its digest',
    ])
    const started = await world.app.spawn()
    expect(await isDone({ ...captured, url: captured.url.replace(place().baseUrl, started.baseUrl) })).toBe(true)
  })

  it('what it does not: where a factor is demanded, the captured signature with another body demands it anew', async () => {
    const owner = await settleOwner(place(), randomness)
    const totp = await enableTotp(place(), owner)
    const { accountId: account, signer: by } = owner
    const thief = { ...newIdentityOwner(randomness, { email: owner.email }), accountId: account }
    const envelope = signerChange({ networkPassphrase: NETWORK, account, by, adds: [thief.signer.id] })
    const calls = {
      'POST factors': [`POST ${factorsUrl(owner)}`, { data: { type: 'email' } }],
      'PATCH factor': [`PATCH ${factorsUrl(owner)}/${totp.id}`, { data: { attributes: { priority: 0 } } }],
      'DELETE factor': [`DELETE ${factorsUrl(owner)}/${totp.id}`, undefined],
      'PUT wallet': [`PUT /wallets/${owner.walletId}`, changedWallet(thief, envelope)],
    } as const
    for (const [name, [what, body]] of Object.entries(calls)) {
      const answer = await call(place(), what, { by: owner.signer, ...(body && { body }) })
      expect([name, demandIn(answer)?.factor_type]).toEqual([name, name === 'PATCH factor' ? 'totp' : 'password'])
    }
  })

  it('what it allows: a factor that is not enabled is deleted by a captured signature', async () => {
    const owner = await settleOwner(place(), randomness)
    const totp = await newTotp(place(), owner)
    expect(await isDone(questionOf(place(), `DELETE ${factorsUrl(owner)}/${totp.id}`, { by: owner.signer }))).toBe(true)
  })

  it('a date that is signed ends it after an hour, a digest that is signed binds the body', async () => {
    const owner = await settleOwner(place(), randomness)
    const { method, url, body = '' } = capture(place(), owner)
    const target = `post /accounts/${owner.accountId}/blobs`
    const at = (age: number) => new Date(Date.now() - age * 1000).toUTCString()
    const send = (covered: readonly (readonly [string, string])[], given = body) =>
      isDone({ method, url, body: given, headers: signedOver(owner.signer, covered) })
    expect(
      await send([
        ['(request-target)', target],
        ['date', at(3500)],
      ]),
    ).toBe(true)
    expect(
      await send([
        ['(request-target)', target],
        ['date', at(3700)],
      ]),
    ).toBe(false)
    const { digest = '' } = capture({ ...place(), profile: 'strict' }, owner).headers ?? {}
    expect(
      await send([
        ['(request-target)', target],
        ['digest', digest],
      ]),
    ).toBe(true)
    expect(
      await send(
        [
          ['(request-target)', target],
          ['digest', digest],
        ],
        '{}',
      ),
    ).toBe(false)
    expect(await send([['real-request-target', `get /anything`]])).toBe(false)
  })

  it('the first version’s signature is refused', async () => {
    const owner = await settleOwner(place(), randomness)
    const target = `/accounts/${owner.accountId}/blobs`
    const headers = legacySigned(owner.signer, { target, until: inHalfAnHour() })
    expect(await isDone({ method: 'POST', url: place().baseUrl + target, headers, body: textOf('a text') })).toBe(false)
  })

  it('where LEGACY_SIGNATURES=accepted, what it allows: until its end it is a bearer’s for its target, with any method and body', async () => {
    const accepting = { ...place(), ...(await world.app.spawn({ LEGACY_SIGNATURES: 'accepted' })) }
    const owner = await settleOwner(accepting, randomness)
    const path = `/accounts/${owner.accountId}/blobs`
    const captured = {
      method: 'GET',
      url: accepting.baseUrl + path,
      headers: legacySigned(owner.signer, { target: path, until: inHalfAnHour() }),
    }
    const isSeen = async () => (await ask(captured)).body.includes('of the owner’s')
    const form = JSON.stringify({ data: { type: 'kyc_form', attributes: { value: 'of the owner’s' } } })
    expect(await isDone({ ...captured, method: 'POST', body: form })).toBe(true)
    expect([await isSeen(), await isSeen()]).toEqual([true, true])

    const writing = { ...captured, method: 'POST', body: textOf('by a thief') }
    expect([await isDone(writing), await isDone(writing)]).toEqual([true, true])
    expect(await believedOf(legacyReplaysOf({ place: accepting, owner, captured: writing }))).toEqual([])

    const factors = factorsUrl(owner)
    const asked = {
      method: 'POST',
      url: accepting.baseUrl + factors,
      headers: legacySigned(owner.signer, { target: factors, until: inHalfAnHour() }),
    }
    const answer = await ask({ ...asked, body: JSON.stringify({ data: { type: 'totp' } }) })
    expect(demandIn(answer)?.factor_type).toBe('password')
  })

  it('headers that two readers might read differently are refused, where they are signed', async () => {
    const owner = await settleOwner(place(), randomness)
    expect(await believedWires(place(), ambiguousRequests({ place: place(), owner, key: owner.signer }))).toEqual([
      PROPER,
    ])
  })

  it('with the key that made it a captured signature dies', async () => {
    const owner = await settleOwner(place(), randomness)
    const captured = capture(place(), owner)
    const { accountId: account, signer: by, email } = owner
    const next = { ...newIdentityOwner(randomness, { email }), accountId: account }
    const envelope = signerChange({ networkPassphrase: NETWORK, account, by, adds: [next.signer.id], removes: [by.id] })
    const change = () =>
      questionOf(place(), `PUT /wallets/${owner.walletId}`, { by, body: changedWallet(next, envelope) })
    await mustAnswer(passing(place(), change, { password: owner.factor }), 200)
    expect((await ask(captured)).status).toBe(401)
  })
})
