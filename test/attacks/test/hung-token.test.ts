import { clientOf } from '@strongroom/key-server/testing'
import { describe, expect, it } from 'vitest'
import { budget, drawFrom, drawSeed, stormWithoutToken } from '../src/index.ts'
import { tokenThatHangs } from './hung-token.ts'
import { baseUrlOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())

describe(`cases 11 and 26, a token that hangs, on the key server, ATTACK_SEED=${randomness.seed}`, () => {
  it('keeps everything else answered while somebody waits for the token', async () => {
    await using token = await tokenThatHangs('key-server')
    await using app = await startKeyServer({ settings: token.settings })
    const baseUrl = baseUrlOf(app)
    const client = clientOf(baseUrl)
    const keyId = await client.create('4829')
    await token.hang()
    const order: string[] = []
    const told = client.open(keyId, '4829').then((answer) => {
      order.push('the PIN')
      return answer
    })
    for (let asked = 0; asked < 20; asked++) expect((await fetch(new URL('/health/live', baseUrl))).status).toBe(200)
    order.push('the others')
    const { status, headers } = await told
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true])
    expect(order).toEqual(['the others', 'the PIN'])
    expect((await fetch(new URL('/health/ready', baseUrl))).status).toBe(503)
    await token.goOn()
    await expect.poll(async () => (await client.open(keyId, '4829')).status).toBe(200)
    await expect.poll(async () => (await fetch(new URL('/health/ready', baseUrl))).status).toBe(200)
  })

  it('tells owners to wait, charges none of them, and lets them all in afterwards', async () => {
    await using token = await tokenThatHangs('key-server')
    await using app = await startKeyServer({ settings: token.settings })
    const verdict = await stormWithoutToken({
      baseUrl: baseUrlOf(app),
      takeToken: () => token.hang(),
      bringTokenBack: () => token.goOn(),
      owners: 300,
      tries: 4,
      connections: 50,
      counted: 20,
      randomness,
    })
    const { whileItGoes, whileItIsAway } = verdict
    expect(whileItGoes).toMatchObject({ mistaken: 0, strange: {} })
    expect(whileItGoes.compared).toBeGreaterThan(0)
    expect(whileItIsAway).toEqual({ asked: 1_200, compared: 0, mistaken: 0, waiting: 1_200, strange: {} })
    expect(verdict).toMatchObject({ owners: 280, gotIn: 280, fewestGranted: budget, mostGranted: budget })
  }, 240_000)
})
