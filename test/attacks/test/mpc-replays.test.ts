import { newDevice } from '@strongroom/mpc-auth/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  codeOf,
  drawFrom,
  drawSeed,
  duoPerson,
  isBelieved,
  newUser,
  raceScan,
  replayScan,
  replaySignature,
  twinOf,
} from '../src/index.ts'
import { kill, passTime } from './key-server.ts'
import { duoPlaceOf, type MpcAuth, startDuoOriginalWithFaces, startMpcAuth } from './mpc-auth.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 12, replayed signatures and scans, on the original’s shape, ${repeat}`, () => {
  it('believes a used signature, its twin, and whoever shows it, as long as the challenge is cached', async () => {
    await using world = await startDuoOriginalWithFaces()
    const { believed } = await replaySignature({ place: world.place, randomness })
    expect(believed).toEqual(expect.arrayContaining(['again', 'its twin', 'by another user', 'at a face']))
  })

  it('has every copy of a scan judged, and leaves it to the face server to see that it is one', async () => {
    await using world = await startDuoOriginalWithFaces()
    const attack = { place: world.place, randomness, judged: () => world.faces.judged }
    expect((await replayScan(attack)).judgedAgain).toBeGreaterThan(0)
    expect((await raceScan(attack, 20)).judged).toBeGreaterThan(1)
  })
})

describe(`case 12, replayed signatures and scans, on mpc-auth, ${repeat}`, () => {
  let mpc: MpcAuth
  beforeAll(async () => {
    mpc = await startMpcAuth({ processes: 2 })
  })
  afterAll(() => mpc[Symbol.asyncDispose]())

  it('a signature is good once, for its user, key and challenge; a new one is answered', async () => {
    expect(await replaySignature({ place: duoPlaceOf(mpc), randomness })).toMatchObject({ believed: [], retried: 200 })
  })

  it('neither another process nor one that was started since believes a used one', async () => {
    const dying = await mpc.world.app.spawn()
    const owner = await newUser(duoPlaceOf(mpc, dying), randomness)
    const used = await owner.signed(newDevice())
    expect(await isBelieved(owner, used)).toBe(true)
    await kill(dying)
    const started = await mpc.world.app.spawn()
    for (const process of [mpc.world.app.processes[1], started]) {
      const same = await duoPerson(duoPlaceOf(mpc, process), owner.subject)
      expect(await isBelieved(same, used)).toBe(false)
      expect(await isBelieved(same, { ...used, signature: twinOf(used.signature) })).toBe(false)
    }
  })

  it('of a signature and its twin either is good where the challenge was not answered, and never both', async () => {
    const person = await newUser(duoPlaceOf(mpc), randomness)
    for (const first of ['itself', 'the twin']) {
      const signed = await person.signed(newDevice())
      const twin = { ...signed, signature: twinOf(signed.signature) }
      const order = first === 'itself' ? [signed, twin] : [twin, signed]
      const codes = []
      for (const one of order) codes.push(codeOf(await person.addDevice(one)))
      expect(codes).toEqual([201, 100502])
    }
  })

  it('a challenge is answered within five minutes, by the database’s clock', async () => {
    const person = await newUser(duoPlaceOf(mpc), randomness)
    const [early, late] = [await person.signed(newDevice()), await person.signed(newDevice())]
    await passTime(mpc.world.app, '4 minutes 15 seconds')
    expect(codeOf(await person.addDevice(early))).toBe(201)
    await passTime(mpc.world.app, '45 seconds')
    expect(codeOf(await person.addDevice(late))).toBe(100503)
    expect(codeOf(await person.addDevice(late))).toBe(100502)
  })

  it('a scan is good once, whoever shows it where: the face server does not see it again', async () => {
    const attack = { place: duoPlaceOf(mpc), randomness, judged: () => mpc.faces.judged }
    const { codes, judgedAgain, owner, scan } = await replayScan(attack)
    expect(new Set(Object.values(codes))).toEqual(new Set([100705]))
    const started = await mpc.world.app.spawn()
    const same = await duoPerson(duoPlaceOf(mpc, started), owner.person.subject)
    expect(codeOf(await same.recover([owner.keyId], scan))).toBe(100705)
    expect(judgedAgain).toBe(0)
  })

  it('of twenty copies of a scan at once one is judged, and opens', async () => {
    const attack = { place: duoPlaceOf(mpc), randomness, judged: () => mpc.faces.judged }
    expect(await raceScan(attack, 20)).toEqual({ opened: 1, judged: 1 })
  })
})
