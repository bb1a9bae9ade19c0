import { clientOf } from '@strongroom/key-server/testing'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  becomeUser,
  drawFrom,
  drawSeed,
  fetchResetCode,
  newAddress,
  startOriginal,
  swapColumns,
  transplantReset,
  type Person,
  type Place,
} from '../src/index.ts'
import { baseUrlOf, passTime, placeOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

const nothing = async () => undefined

/** Two people, each with a reset that waits; time must still pass. */
async function armTwo(place: Place) {
  const client = clientOf(place.baseUrl)
  const people: Person[] = []
  for (const pin of ['4829', '9284']) {
    const person = await becomeUser(place, pin, newAddress(randomness))
    people.push(person)
  }
  const [victim, thief] = people
  if (victim === undefined || thief === undefined) throw new Error('Two people are needed.')
  const opened = await client.open(victim.keyId, victim.pin)
  const { encryptionKey: victimsKey } = JSON.parse(opened.text) as { encryptionKey: string }
  for (const person of people) {
    const code = await fetchResetCode(place, person)
    await client.verify(person.keyId, person.userId, { code, op: 'reset-pin' })
  }
  return { victim, thief, victimsKey }
}

describe(`case 7, reset transplant, on the original’s shape, ${repeat}`, () => {
  it('resets the other’s PIN by a code that was moved', async () => {
    await using original = await startOriginal()
    const place = { baseUrl: baseUrlOf(original), textsTo: original.textsTo }
    const { victim, thief, victimsKey } = await armTwo(place)
    original.shiftClock(31)
    const users = original.database.users
    const [first = '', second = ''] = new Set(users.dump().map(({ row }) => row))
    const swap = () => users.swap(first, second, ['code', 'op'])
    const verdict = await transplantReset({ place, victim, thief, victimsKey, swap, disturbs: false })
    expect(verdict).toMatchObject({ isTaken: true, isOpened: true })
  })
})

interface Rows {
  victim: Person
  thief: Person
  subjects: readonly [string, string]
}

describe(`case 7, reset transplant, on the key server, ${repeat}`, () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startKeyServer()
  })
  afterAll(() => app.stop())

  const swapOf =
    (table: string, rowBy: string, columns: readonly string[]) =>
    ({ victim, thief }: Rows) =>
      swapColumns({ sql: (query) => app.sql(query), table, rowBy, rows: [victim.keyId, thief.keyId] })(columns)
  const moveUser = ({ victim, thief }: Rows) =>
    app.sql(`update pin_keys.users set key_id = '${victim.keyId}' where key_id = '${thief.keyId}'`)
  const moveCodes = ({ subjects: [to, from], victim }: Rows) =>
    app.sql(`update codes.codes set subject = '${to}', "group" = '${victim.keyId}' where subject = '${from}'`)
  const copyMacs = ({ subjects: [to, from] }: Rows) =>
    app.sql(`
      insert into codes.codes (kind, subject, "group", purpose, mac, expires_at)
      select mine.kind, '${to}', mine."group", mine.purpose, mine.mac, mine.expires_at
        from codes.codes as mine where mine.subject = '${from}' and mine.used_at is null`)

  it.each([
    { moved: 'nothing, which lets the thief reset his own', swap: nothing, own: 200 },
    { moved: 'contacts', swap: swapOf('pin_keys.users', 'key_id', ['contact']), own: 200 },
    { moved: 'names', swap: swapOf('pin_keys.users', 'key_id', ['lookup']), own: 404 },
    { moved: 'names and contacts', swap: swapOf('pin_keys.users', 'key_id', ['lookup', 'contact']), own: 404 },
    { moved: 'finders', swap: swapOf('pin_keys.users', 'key_id', ['finder']), own: 404 },
    { moved: 'finders and names', swap: swapOf('pin_keys.users', 'key_id', ['finder', 'lookup']), own: 404 },
    {
      moved: 'finders, names and contacts',
      swap: swapOf('pin_keys.users', 'key_id', ['finder', 'lookup', 'contact']),
      own: 404,
    },
    { moved: 'users', swap: moveUser, own: 404 },
    { moved: 'copies', swap: swapOf('pin_keys.recovery_copies', 'key_id', ['envelope']), own: 404 },
    { moved: 'holders of locks', swap: swapOf('time_locks.locks', 'subject', ['holder']), own: 423 },
    { moved: 'subjects of locks', swap: swapOf('time_locks.locks', 'subject', ['subject']), own: 423 },
    { moved: 'codes', swap: moveCodes, own: 404 },
    { moved: 'MACs of codes', swap: copyMacs, own: 200 },
  ])('opens nothing and completes nothing, moved: $moved', async ({ swap, own }) => {
    const place = placeOf(app)
    const two = await armTwo(place)
    await passTime(app, '31 days')
    const rows = await app.sql(`
      select key_id::text as key, encode(lookup, 'hex') as subject from pin_keys.users
       where key_id in ('${two.victim.keyId}', '${two.thief.keyId}')`)
    const subjectOf = ({ keyId }: Person) => String(rows.find(({ key }) => key === keyId)?.['subject'])
    const subjects = [subjectOf(two.victim), subjectOf(two.thief)] as const
    const move = async () => void (await swap({ ...two, subjects }))
    const verdict = await transplantReset({ ...two, place, swap: move, disturbs: true })
    expect(verdict).toEqual({ isMisled: false, isTaken: false, isOpened: false, own })
  })
})
