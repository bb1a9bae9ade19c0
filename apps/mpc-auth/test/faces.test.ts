import { randomBytes } from 'node:crypto'
import { requestScan } from '@strongroom/face-stub'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorOf, newDevice, startMpcAuth, told, type User, userOf, wireScan, type World } from './client.ts'
import { type FaceGate, faceGate } from './face-gate.ts'
import { passTime } from './pass-time.ts'

let world: World
let gate: FaceGate
beforeAll(async () => {
  world = await startMpcAuth({ processes: 0 })
  gate = await faceGate(world.faces.url)
  for (let process = 0; process < 2; process++) await world.app.spawn({ FACETEC_URL: gate.url })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await gate.close()
})

const differs = [403, errorOf(100706, 'Face does not match')]
const notRegistered = [403, errorOf(100701, 'Face not registered')]
const notLive = [403, errorOf(100704, 'Face liveness check failed')]
const replayed = [403, errorOf(100705, 'Face scan replayed or session invalid')]
const noBackup = [404, errorOf(100301, 'No backup data found for this wallet')]
const already = [409, errorOf(100703, 'Face already registered')]
const tooMany = errorOf(100707, 'Too many face attempts')
const away = [502, errorOf(100903, 'Face service unavailable')]

/** Whose face is registered, and who has no backup: 404 says that the face passed. */
async function withFace(subject?: string, door = 0): Promise<User> {
  const user = userOf(world, subject, world.app.baseUrls[door])
  await user.register()
  await user.addFace()
  return user
}
const guess = async (user: User, person?: string) => told(await user.recover(['none'], person))
const show = async (user: User, scan: object) =>
  told(await user.send('POST', '/v2/keyshare/recover', { key_ids: ['none'], ...scan }))
const expectWrong = async (user: User, times: number) => {
  for (let time = 0; time < times; time++) expect(await guess(user, 'a thief')).toEqual(differs)
}

test('a session token is fetched for whoever is registered, and is a new one each time', async () => {
  const ann = userOf(world)
  expect((await ann.get('/auth/face/session-token')).text).toBe(errorOf(100201, 'User not registered'))
  await ann.register()
  const [first, second] = await Promise.all([1, 2].map(() => ann.get('/auth/face/session-token')))
  expect([first?.status, first?.body]).toEqual([200, { session_token: expect.stringMatching(/^[\w-]{32}$/) }])
  expect(second?.text).not.toBe(first?.text)
})

describe('guesses', () => {
  test('are five in a quarter of an hour; the sixth is not shown to anybody, and the right face waits as well', async () => {
    const ann = await withFace()
    await expectWrong(ann, 5)
    const before = gate.judged.length
    for (const person of ['a thief', ann.subject]) {
      const { status, text, headers } = await ann.recover(['none'], person)
      expect([status, text]).toEqual([429, tooMany])
      const wait = Number(headers.get('retry-after'))
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(900)
    }
    const signed = await ann.signed(newDevice())
    const gated = await ann.send('POST', '/auth/devices/register', { ...signed, ...(await ann.scan()) })
    expect(told(gated)).toEqual([429, tooMany])
    expect(gate.judged.length).toBe(before)
    await passTime(world.app, '15 minutes')
    expect(await guess(ann)).toEqual(noBackup)
  })

  test('are given back by a face that passes', async () => {
    const ann = await withFace()
    for (let round = 0; round < 2; round++) {
      await expectWrong(ann, 4)
      expect(await guess(ann)).toEqual(noBackup)
    }
    await expectWrong(ann, 5)
    expect((await guess(ann))[0]).toBe(429)
  })

  test('are given back by an outage, with the scan', async () => {
    const ann = await withFace()
    await expectWrong(ann, 4)
    const scan = await ann.scan()
    gate.turn('away')
    for (let time = 0; time < 6; time++) expect(await show(ann, scan)).toEqual(away)
    gate.turn('open')
    expect(await show(ann, scan)).toEqual(noBackup)
    expect(await show(ann, scan)).toEqual(replayed)
    await expect.poll(() => world.app.log()).toContain('http-500')
    expect(await world.app.log()).not.toContain('canary')
  })

  test('at a service that had the scan and did not answer in time are spent: it may have judged', async () => {
    const ann = await withFace()
    const scan = await ann.scan()
    gate.turn('slow')
    for (const outcome of [[504, errorOf(100903, 'Face service timed out')], replayed])
      expect(await show(ann, scan)).toEqual(outcome)
    gate.turn('open')
    await expectWrong(ann, 3)
    expect((await guess(ann))[0]).toBe(429)
  })

  test('that come all at once, by many connections to two processes, are five', async () => {
    const ann = await withFace()
    const doors = world.app.baseUrls.map((url) => userOf(world, ann.subject, url))
    const scans = await Promise.all(Array.from({ length: 24 }, () => ann.scan('a thief')))
    const before = gate.judged.length
    gate.gather(6)
    const answers = await Promise.all(scans.map((scan, index) => show(doors[index % 2] ?? ann, scan)))
    expect(gate.judged.length - before).toBe(5)
    expect(answers.filter(([status]) => status === 429)).toHaveLength(19)
    expect(answers.filter(([status]) => status === 403)).toHaveLength(5)
  })
})

describe('a scan', () => {
  test('is good once, for whomever, through whichever process', async () => {
    const [ann, ben] = [await withFace('twin-1'), await withFace('twin-2', 1)]
    const before = gate.judged.length
    const scan = await ann.scan()
    expect(await show(ann, scan)).toEqual(noBackup)
    expect(await show(ben, scan)).toEqual(replayed)
    expect(await show(ann, scan)).toEqual(replayed)
    expect(await show(ann, { ...scan, audit_trail_image: (await ann.scan()).audit_trail_image })).toEqual(replayed)
    expect(gate.judged.length - before).toBe(1)
  })

  test('of two requests with it at once, one has it', async () => {
    const ann = await withFace()
    const scan = await ann.scan()
    const doors = world.app.baseUrls.map((url) => userOf(world, ann.subject, url))
    const answers = await Promise.all(doors.map((user) => show(user, scan)))
    expect(new Set(answers.map(([status]) => status))).toEqual(new Set([403, 404]))
  })

  test('of a picture, without a session, or with the images of another does not pass', async () => {
    const ann = await withFace()
    const picture = await requestScan(world.faces.url, { person: ann.subject, live: false })
    const fields = (scan: typeof picture) => ({
      face_scan: scan.faceScan,
      audit_trail_image: scan.auditTrailImage,
      low_quality_audit_trail_image: scan.lowQualityAuditTrailImage,
    })
    expect(await show(ann, fields(picture))).toEqual(notLive)
    expect(await show(ann, wireScan({ person: ann.subject, session: 'invented' }))).toEqual(replayed)
    const own = await ann.scan()
    const other = await ann.scan('another')
    expect(await show(ann, { ...own, audit_trail_image: other.audit_trail_image })).toEqual(notLive)
  })

  test('is stored and logged nowhere', async () => {
    const ann = await withFace()
    const scan = await ann.scan()
    await show(ann, scan)
    const rows = await world.app.sql('select digest::text from key_shares.face_scans')
    const [session = ''] = /"session":"[^"]+/.exec(Buffer.from(scan.face_scan, 'base64').toString()) ?? []
    for (const secret of [scan.face_scan, scan.audit_trail_image, session.slice(-32)]) {
      expect(JSON.stringify(rows)).not.toContain(secret)
      expect(await world.app.log()).not.toContain(secret)
    }
  })

  test('is remembered for ninety days', async () => {
    const digests = async () =>
      (await world.app.sql('select count(*)::int as count from key_shares.face_scans'))[0]?.['count']
    const ann = await withFace()
    const before = await digests()
    await passTime(world.app, '89 days')
    expect(await digests()).toBe(before)
    await passTime(world.app, '2 days')
    await expect.poll(digests).toBe(0)
    // The face service knows it all the same.
    expect(await guess(ann)).toEqual(noBackup)
  })
})

describe('enrolment', () => {
  test('of a face that is not alive keeps nothing, and the next is taken', async () => {
    const ann = userOf(world)
    await ann.register()
    const scan = wireScan({ person: ann.subject, session: 'invented' })
    expect(told(await ann.send('POST', '/auth/face/register', scan))).toEqual(replayed)
    expect((await ann.get('/v2/face')).body).toEqual({ registered: false, registered_at: null })
    expect(await guess(ann)).toEqual(notRegistered)
    expect((await ann.addFace()).status).toBe(201)
    expect(told(await ann.addFace())).toEqual(already)
  })

  test('whose answer was lost goes on with the face that was kept, and with no other', async () => {
    const ann = userOf(world)
    await ann.register()
    gate.turn('answer-lost')
    const scan = await ann.scan()
    expect(told(await ann.send('POST', '/auth/face/register', scan))).toEqual(away)
    gate.turn('open')
    expect((await ann.get('/v2/face')).body).toMatchObject({ registered: false })
    expect(told(await ann.addFace({}, 'a thief'))).toEqual(differs)
    // The service kept the face of that very scan, and does not take it twice.
    expect(told(await ann.send('POST', '/auth/face/register', scan))).toEqual(replayed)
    expect((await ann.addFace()).status).toBe(201)
    expect(await guess(ann)).toEqual(noBackup)
  })

  test('that never reached the service is made up for by the next scan', async () => {
    const ann = userOf(world)
    await ann.register()
    const scan = await ann.scan()
    gate.turn('away')
    expect(told(await ann.send('POST', '/auth/face/register', scan))).toEqual(away)
    gate.turn('open')
    expect((await ann.addFace()).status).toBe(201)
  })

  test('of several at once keeps one face, and whoever has it gets in', async () => {
    const ann = userOf(world)
    await ann.register()
    const doors = world.app.baseUrls.map((url) => userOf(world, ann.subject, url))
    gate.gather(3)
    const answers = await Promise.all([0, 1, 0, 1].map((door) => (doors[door] ?? ann).addFace()))
    expect(answers.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1)
    await ann.addFace()
    expect((await ann.get('/v2/face')).body).toMatchObject({ registered: true })
    expect(await guess(ann)).toEqual(noBackup)
    expect(await guess(ann, 'a thief')).toEqual(differs)
  })

  test('of a face that the service keeps and we have forgotten is a match', async () => {
    const ann = await withFace()
    await world.app.sql(`delete from key_shares.faces where user_id in (
      select (select id from key_shares.users order by created_at desc limit 1))`)
    expect((await ann.get('/v2/face')).body).toMatchObject({ registered: false })
    expect(told(await ann.addFace({}, 'a thief'))).toEqual(replayed)
    expect(told(await ann.addFace({}, 'a thief'))).toEqual(differs)
    expect((await ann.addFace()).status).toBe(201)
  })

  test('is signed for by an active device of the user, where there is one', async () => {
    const [ann, ben] = [userOf(world), userOf(world)]
    for (const user of [ann, ben]) await user.register()
    const [phone, gone, foreign] = [newDevice(), newDevice(), newDevice()]
    await ann.addDevice(phone)
    await ann.addDevice(gone)
    await ann.send('DELETE', `/v2/devices/${gone.key}`)
    await ben.addDevice(foreign)
    const wrongSignature = [401, errorOf(100501, 'Invalid device signature')]
    const before = gate.judged.length
    expect(told(await ann.addFace())).toEqual(wrongSignature)
    for (const device of [gone, foreign, newDevice()])
      expect(told(await ann.addFace(await ann.signed(device)))).toEqual(wrongSignature)
    const halves = await ann.signed(phone)
    expect(told(await ann.addFace({ device_id: halves.device_id }))).toEqual(wrongSignature)
    const bad = { device_id: phone.key, signature: foreign.sign(await ann.challenge(phone.key)) }
    expect(told(await ann.addFace(bad))).toEqual(wrongSignature)
    expect(gate.judged.length).toBe(before)
    expect((await ann.addFace(await ann.signed(phone))).status).toBe(201)
  })
})

describe('switches', () => {
  test('FACE_ENROL_REQUIRES_DEVICE=false takes the token alone', async () => {
    const { baseUrl, child } = await world.app.spawn({ FACETEC_URL: gate.url, FACE_ENROL_REQUIRES_DEVICE: 'false' })
    const ann = userOf(world, undefined, baseUrl)
    await ann.register()
    await ann.addDevice(newDevice())
    expect((await ann.addFace()).status).toBe(201)
    child.kill('SIGTERM')
  })

  test('BACKUP_REQUIRES_FACE=true demands a registered face for a backup, and no scan', async () => {
    const { baseUrl, child } = await world.app.spawn({ FACETEC_URL: gate.url, BACKUP_REQUIRES_FACE: 'true' })
    const [strict, plain] = [userOf(world, undefined, baseUrl), userOf(world)]
    for (const user of [strict, plain]) await user.register()
    const share = [{ key_id: 'none', encrypted_keyshare: randomBytes(10).toString('base64') }]
    expect(told(await strict.backUp(share))).toEqual(notRegistered)
    await strict.addFace()
    for (const user of [strict, plain]) expect((await user.backUp(share)).status).toBe(207)
    child.kill('SIGTERM')
  })

  test('FACE_ATTEMPTS and FACE_WINDOW_MINUTES are the operator’s numbers; without a server nobody has a face', async () => {
    const [few, none] = await Promise.all([
      world.app.spawn({ FACETEC_URL: gate.url, FACE_ATTEMPTS: '2', FACE_WINDOW_MINUTES: '1' }),
      world.app.spawn({ FACETEC_URL: undefined }),
    ])
    const ann = userOf(world, undefined, few.baseUrl)
    await ann.register()
    await ann.addFace()
    await expectWrong(ann, 2)
    expect((await guess(ann))[0]).toBe(429)
    await passTime(world.app, '1 minute')
    expect(await guess(ann)).toEqual(noBackup)
    const elsewhere = userOf(world, ann.subject, none.baseUrl)
    expect(told(await elsewhere.get('/auth/face/session-token'))).toEqual(away)
    for (const { child } of [few, none]) child.kill('SIGTERM')
  })
})
