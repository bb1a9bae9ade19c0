import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setInterval } from 'node:timers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorOf, newDevice, startMpcAuth, type User, userOf, type World } from './client.ts'
import { openUpload } from './upload.ts'

const MIB = 1_048_576
let world: World
let user: User
let keys: string[]
beforeAll(async () => {
  world = await startMpcAuth()
  const made = await owner(20)
  user = made.user
  keys = made.keys
})
afterAll(() => world[Symbol.asyncDispose]())

const base = () => world.app.baseUrls[0] ?? ''
const newShare = (bytes = 60) => randomBytes(bytes).toString('base64')
const item = (number: number, share = newShare()) => ({ key_id: keys[number] ?? '', encrypted_keyshare: share })
const whole = (...items: unknown[]) => JSON.stringify({ keyshares: items })
const stored = async () => (await world.app.sql('select count(*)::int as count from key_shares.backups'))[0]?.['count']

async function owner(count: number) {
  const one = userOf(world)
  await one.register()
  const phone = newDevice()
  await one.addDevice(phone)
  const signed = await one.signed(phone)
  await one.addFace(signed)
  return { user: one, keys: await Promise.all(Array.from({ length: count }, () => one.addKey(phone))) }
}

const body = [400, errorOf(100801, 'Request validation failed: body')]
const shares = [400, errorOf(100801, 'Request validation failed: body keyshares')]
const field = (name: string) => [400, errorOf(100801, `Request validation failed: body keyshares ${name}`)]
const badShare = [400, errorOf(100302, 'Invalid encrypted keyshare')]

describe('a body is refused, and nothing of it is stored:', () => {
  test.each<[string, () => string, unknown[]]>([
    ['none', () => '', shares],
    ['white space', () => ' \n', shares],
    ['a word', () => 'canary', body],
    ['a number', () => '7', shares],
    ['a list', () => `[${JSON.stringify(item(0))}]`, shares],
    ['an object without shares', () => '{"canary":[]}', shares],
    ['no shares', () => whole(), shares],
    ['shares that are text', () => '{"keyshares":"canary"}', shares],
    ['shares that are an object', () => `{"keyshares":{"0":${JSON.stringify(item(0))}}}`, body],
    ['shares deeper inside', () => `{"canary":${whole(item(0))}}`, shares],
    ['JSON that ends in a share', () => whole(item(0), item(1)).slice(0, -40), body],
    ['JSON that ends after a share', () => whole(item(0), item(1)).slice(0, -2), body],
    ['JSON that ends before its last brace', () => whole(item(0), item(1)).slice(0, -1), body],
    ['JSON with something behind it', () => `${whole(item(0))}canary`, body],
    ['two bodies', () => `${whole(item(0))}${whole(item(1))}`, body],
    ['a comma too many', () => `{"keyshares":[${JSON.stringify(item(0))},]}`, body],
    ['bad JSON after a good share', () => `{"keyshares":[${JSON.stringify(item(0))},canary]}`, body],
    ['a list in a list', () => whole(item(0), [item(1)]), field('1')],
    ['a share that is null', () => whole(item(0), null), field('1')],
    ['a share without a key', () => whole(item(0), { encrypted_keyshare: newShare() }), field('1 key_id')],
    ['a key that is no id', () => whole(item(0), { ...item(1), key_id: 'canary canary' }), field('1 key_id')],
    ['a key that is too long', () => whole({ ...item(1), key_id: 'k'.repeat(129) }), field('0 key_id')],
    ['a key twice', () => whole(item(0), item(1), item(0)), shares],
    ['the shares twice', () => `{"keyshares":[${JSON.stringify(item(0))}],${whole(item(0)).slice(1)}`, shares],
    ['a key without its share', () => whole(item(0), { key_id: keys[1] }), badShare],
    ['a share that is empty', () => whole(item(0), item(1, '')), badShare],
    ['a share that is a number', () => whole({ ...item(0), encrypted_keyshare: 7 }), badShare],
    ['a share that is no base64', () => whole(item(0), item(1, 'canary!!')), badShare],
    ['base64 without its padding', () => whole(item(0, 'AAA')), badShare],
    ['base64 of URLs', () => whole(item(0, 'AA-_')), badShare],
    ['base64 in lines', () => whole(item(0, 'AAAA\nAAAA')), badShare],
    ['base64 with bits behind its end', () => whole(item(0, 'AB==')), badShare],
    ['padding alone', () => whole(item(0, '====')), badShare],
    ['a byte more than a mebibyte', () => whole(item(0), item(1, newShare(MIB + 1))), badShare],
    ['text without an end', () => whole(item(0), item(1)).slice(0, -5) + 'A'.repeat(3 * MIB), badShare],
    ['brackets without an end', () => `{"keyshares":[${JSON.stringify(item(0))},${'['.repeat(3 * MIB)}`, body],
    ['a share of a thousand parts', () => whole({ ...item(0), more: Array.from({ length: 1000 }, () => 7) }), body],
    [
      'one share more than twenty',
      () => whole(...keys.map((_, index) => item(index)), { ...item(0), key_id: 'another' }),
      shares,
    ],
  ])('%s', async (_, make, expected) => {
    const before = await stored()
    const { status, text } = await user.send('POST', '/v2/keyshare/backup', make())
    expect([status, text]).toEqual(expected)
    expect(text).not.toContain('canary')
    expect(await stored()).toBe(before)
  })

  test('more than 32 MiB, whether it says so or not', async () => {
    const tooLarge = [413, errorOf(100803, 'Request body too large')]
    const before = await stored()
    const told = await openUpload(base(), user, { 'content-length': String(33 * MIB) })
    const refused = await told.answered
    expect([refused.status, refused.text]).toEqual(tooLarge)
    told.hangUp()
    const untold = await openUpload(base(), user)
    void untold.send(`{"keyshares":[${JSON.stringify(item(0))}`)
    // Whole items of nobody's keys: none is too long, all together are.
    const share = newShare(MIB)
    for (let number = 0; number < 19; number++)
      void untold.send(`,${JSON.stringify({ key_id: `nobodys-${String(number)}`, encrypted_keyshare: share })}`)
    for (let number = 0; number < 8; number++) void untold.send(' '.repeat(MIB))
    untold.end(']}')
    const { status, text } = await untold.answered
    expect([413, 400]).toContain(status)
    expect(status === 413 ? [status, text] : tooLarge).toEqual(tooLarge)
    expect(await stored()).toBe(before)
  })

  test('another media type', async () => {
    const { status, text } = await user
      .token()
      .then((token) =>
        fetch(`${base()}/v2/keyshare/backup`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
          body: whole(item(0)),
        }),
      )
      .then(async (answer) => ({ status: answer.status, text: await answer.text() }))
    expect([status, text]).toEqual([415, errorOf(100803, 'Media type not supported')])
  })
})

test('JSON may arrive byte by byte, with fields that nobody knows, escapes and white space', async () => {
  const share = newShare()
  const escaped = share.replaceAll(/./g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const text = `\n{ "more" : [ {"keyshares": null} ], "keyshares" : [ {"key_id":"${keys[0] ?? ''}", "x":{"y":[1]}, "encrypted_keyshare":"${escaped}"} ] ,"z":{} }\n `
  const upload = await openUpload(base(), user)
  for (const letter of text) await upload.send(letter)
  upload.end()
  expect((await upload.answered).status).toBe(200)
  const { body: recovered } = await user.recover([keys[0] ?? ''])
  expect(recovered).toEqual({ success: true, keyshares: [{ key_id: keys[0], encrypted_keyshare: share }] })
})

test('a share may be one byte', async () => {
  expect((await user.backUp([item(0, 'AA==')])).status).toBe(200)
  expect((await user.recover([keys[0] ?? ''])).body).toMatchObject({ keyshares: [{ encrypted_keyshare: 'AA==' }] })
})

/** The most memory that a process has while something is done, in MiB above what it had before. */
async function growthOf(pid: number, work: () => Promise<unknown>): Promise<number> {
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) / 1024
  const before = resident()
  let most = before
  const timer = setInterval(() => (most = Math.max(most, resident())), 5)
  await work()
  clearInterval(timer)
  return most - before
}

test('four times twenty shares of 1 MiB at once are saved, and recovered twice, and are never in memory together', async () => {
  // A small heap has its garbage collected soon: what grows then is what is held.
  const own = await world.app.spawn({ NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=2' })
  const people = await Promise.all(Array.from({ length: 4 }, () => owner(20)))
  const share = newShare(MIB)
  const doors = people.map((one) => ({ user: userOf(world, one.user.subject, own.baseUrl), keys: one.keys }))
  const save = async (one: User, ids: readonly string[]) =>
    (await one.backUp(ids.map((key_id) => ({ key_id, encrypted_keyshare: share })))).status
  for (const one of doors) expect(await save(one.user, one.keys.slice(0, 2))).toBe(200)
  const pid = own.child.pid ?? 0
  const saving = await growthOf(pid, () =>
    Promise.all(doors.map(async (one) => expect(await save(one.user, one.keys)).toBe(200))),
  )
  const recovering = await growthOf(pid, () =>
    Promise.all(
      [...doors, ...doors].map(async (one) => {
        const { status, body: recovered } = await one.user.recover(one.keys)
        const all = (recovered as { keyshares: { encrypted_keyshare: string }[] }).keyshares
        expect([status, all.every((each) => each.encrypted_keyshare === share), all.length]).toEqual([200, true, 20])
      }),
    ),
  )
  // Together they are 107 MiB of text, and 80 MiB besides once decoded; recovered twice as much. Some 90 are garbage at most.
  expect(saving).toBeLessThan(96)
  expect(recovering).toBeLessThan(160)
})
