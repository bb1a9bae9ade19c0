import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  call,
  drawFrom,
  drawSeed,
  type IdentityOwner,
  mustAnswer,
  newAddress,
  newIdentityOwner,
  sayRaw,
  settleOwner,
  signedBy,
  signUp,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, startIdentity } from './identity-storage.ts'

const randomness = drawFrom(drawSeed())

describe(`case 20, ambiguous framing, on identity-storage, ATTACK_SEED=${randomness.seed}`, () => {
  let world: IdentityWorld
  let waiting: IdentityOwner
  beforeAll(async () => {
    world = await startIdentity()
    waiting = newIdentityOwner(randomness)
    await mustAnswer(signUp(identityPlaceOf(world), waiting), 201)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = () => identityPlaceOf(world)
  const statuses = (said: string): string[] => said.match(/HTTP\/1\.1 \d{3}/g) ?? []

  /** What is hidden in another request: seen to be answered when it is sent by itself. */
  const hidden = () => {
    const body = '{}'
    const head = `POST /wallets/${waiting.walletId}/verification HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`
    return `${head}Content-Length: ${String(body.length)}\r\n\r\n${body}`
  }
  const outer = (headers: string, body: string) =>
    `POST /wallets HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${headers}\r\n${body}`

  it('what would be hidden is answered when it comes by itself', async () => {
    const alone = hidden().replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
    expect(statuses(await sayRaw(place().baseUrl, alone, 30_000))).toEqual(['HTTP/1.1 204'])
  })

  it.each([
    ['two framings', () => outer(`Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${hidden()}`)],
    [
      'two framings, the other way',
      () => outer(`Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`, `0\r\n\r\n${hidden()}`),
    ],
    ['two lengths', () => outer(`Content-Length: 0\r\nContent-Length: ${String(hidden().length)}\r\n`, hidden())],
    ['a list of lengths', () => outer(`Content-Length: 0, ${String(hidden().length)}\r\n`, hidden())],
    ['a length with a sign', () => outer(`Content-Length: +0\r\n`, hidden())],
    ['a coding of another name', () => outer(`Transfer-Encoding: xchunked\r\n`, `0\r\n\r\n${hidden()}`)],
    [
      'a coding behind a tab',
      () => outer(`Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n`, `0\r\n\r\n${hidden()}`),
    ],
    [
      'two codings',
      () => outer(`Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n`, `0\r\n\r\n${hidden()}`),
    ],
    ['a space before the colon', () => outer(`Content-Length : 0\r\n`, hidden())],
    ['a folded header', () => outer(`X-A: b\r\n Content-Length: 0\r\nContent-Length: 0\r\n`, hidden())],
    ['lines that end in LF alone', () => outer(`X-A: b\nContent-Length: 0\r\n`, hidden())],
    ['a carriage return alone', () => outer(`X-A: b\rContent-Length: 0\r\n`, hidden())],
    ['a chunk whose length does not end', () => outer(`Transfer-Encoding: chunked\r\n`, `0\n\r\n\r\n${hidden()}`)],
  ])('%s: the connection ends, and nothing that was hidden is answered', async (_, bytes) => {
    const said = statuses(await sayRaw(place().baseUrl, bytes()))
    expect(said.length).toBeLessThanOrEqual(1)
    expect(said.every((status) => status === 'HTTP/1.1 400')).toBe(true)
  })

  it('a signature for one target is none for another way to write it', async () => {
    const owner = await settleOwner(place(), randomness)
    const target = `/identities/${owner.accountId}/settings`
    const { signature = '' } = signedBy(owner.signer, { method: 'GET', target })
    const raw = (line: string) =>
      sayRaw(
        place().baseUrl,
        `${line} HTTP/1.1\r\nHost: a\r\nSignature: ${signature}\r\nConnection: close\r\n\r\n`,
        30_000,
      )
    expect(statuses(await raw(`GET ${target}`))).toEqual(['HTTP/1.1 200'])
    for (const line of [
      `GET http://elsewhere.example${target}`,
      `GET /${target}`,
      `GET ${target}/`,
      `GET ${target}?`,
      `GET ${target}#a`,
      `GET ${target.replace('/settings', '/%73ettings')}`,
      `GET /x/..${target}`,
      `HEAD ${target}`,
    ])
      expect([line, statuses(await raw(line))]).not.toEqual([line, ['HTTP/1.1 200']])
  })
})

describe(`case 20, forged addresses, on identity-storage, ATTACK_SEED=${randomness.seed}`, () => {
  const forged = (turn: number): Record<string, string> => {
    const address = `203.0.113.${String(turn)}`
    return {
      'x-forwarded-for': `${address}, ${address}`,
      forwarded: `for=${address}`,
      'x-real-ip': address,
      'true-client-ip': address,
      'cf-connecting-ip': address,
      'x-client-ip': address,
    }
  }
  const asked = async (world: IdentityWorld, headersOf: (turn: number) => Record<string, string>) => {
    const statuses = []
    for (let turn = 0; turn < 8; turn++) {
      const what = `GET /kdf?email=${encodeURIComponent(newAddress(randomness))}` as const
      statuses.push((await call(identityPlaceOf(world), what, { headers: headersOf(turn) })).status)
    }
    return statuses
  }
  const counted = [...Array<number>(5).fill(404), 429, 429, 429]

  it('without a proxy no header changes whom a limit counts', async () => {
    await using world = await startIdentity({ settings: { LOOKUPS_PER_ADDRESS: '5' } })
    expect(await asked(world, forged)).toEqual(counted)
  })

  it('behind one, what the caller wrote to the left of the proxy does not', async () => {
    await using world = await startIdentity({ settings: { LOOKUPS_PER_ADDRESS: '5', TRUSTED_PROXY_HOPS: '1' } })
    const left = (turn: number) => ({ ...forged(turn), 'x-forwarded-for': `203.0.113.${String(turn)}, 198.51.100.1` })
    expect(await asked(world, left)).toEqual(counted)
    // The proxy's own word does: it is trusted to tell callers apart.
    expect(await asked(world, (turn) => ({ 'x-forwarded-for': `192.0.2.${String(turn)}` }))).toEqual(
      Array<number>(8).fill(404),
    )
    // A caller has all of a network of IPv6.
    const six = (turn: number) => ({ 'x-forwarded-for': `2001:db8:1:2:${String(turn)}::1` })
    expect(await asked(world, six)).toEqual(counted)
  })
})
