import { describe, expect, it } from 'vitest'
import {
  ask,
  attackOffline,
  becomeOwner,
  drawFrom,
  drawSeed,
  dumpDatabase,
  openKey,
  startOriginal,
} from '../src/index.ts'
import { baseUrlOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 5, database dump and offline attack, on the original’s shape, ${repeat}`, () => {
  it('finds the key in clear and confirms the PIN', async () => {
    await using original = await startOriginal()
    const baseUrl = baseUrlOf(original)
    const owner = await becomeOwner(baseUrl, '0739')
    const neighbour = await becomeOwner(baseUrl, randomness.token(20))
    await openKey({ baseUrl, keyId: owner.keyId, pin: '0740' })
    const attack = {
      cells: original.dump(),
      log: await original.log(),
      owners: [owner, neighbour] as const,
      randomness,
    }
    const verdict = await attackOffline(attack)
    expect(verdict.exposed).toEqual(Array(2).fill('encryption key in keys.encryptionKey, base64'))
    expect(verdict.hits).toEqual([{ method: 'scrypt', pin: '0739', salt: 'keys.salt', hash: 'keys.pin' }])
    expect(verdict).toMatchObject({ guesses: 10_000, falseHits: [] })
  }, 120_000)
})

describe(`case 5, database dump and offline attack, on the key server, ${repeat}`, () => {
  it('finds neither key nor PIN in dump and log, and nothing that confirms a PIN', async () => {
    await using app = await startKeyServer()
    const baseUrl = baseUrlOf(app)
    const owner = await becomeOwner(baseUrl, '0739')
    const neighbour = await becomeOwner(baseUrl, randomness.token(20))
    const url = `${baseUrl}/v2/key/${neighbour.keyId}`
    await openKey({ baseUrl, keyId: owner.keyId, pin: '0740' })
    await ask({ method: 'PUT', url, pin: neighbour.pin, body: { newPin: neighbour.pin } })
    const attack = {
      cells: await dumpDatabase(app),
      log: await app.log(),
      owners: [owner, neighbour] as const,
      randomness,
    }
    const verdict = await attackOffline(attack)
    expect(attack.cells.some(({ value }) => value === owner.keyId)).toBe(true)
    expect(verdict).toMatchObject({ guesses: 10_000, exposed: [], hits: [], falseHits: [] })
  }, 240_000)
})
