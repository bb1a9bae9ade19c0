import type { World } from '@strongroom/sss-lca/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  askByLogin,
  drawFrom,
  drawSeed,
  mailedCode,
  newAddress,
  openSession,
  settleWhole,
  waitUntil,
  type LcaPlace,
  type Settled,
} from '../src/index.ts'
import { combine, exchangeRows } from './share-rows.ts'
import { lcaPlaceOf, startSssLca } from './sss-lca.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

const isIn = ({ secrets }: Settled, text: string | undefined): boolean =>
  secrets.some((secret) => text?.includes(secret))

const isShown = async (people: readonly [Settled, Settled]) => {
  const shown = await Promise.all(people.map(async (some) => (await askByLogin(some)).map(({ text }) => text).join()))
  return {
    isForeign: people.some((some, at) => isIn(some, shown[1 - at])),
    isOwn: people.every((some, at) => isIn(some, shown[at])),
  }
}

/** The first is nothing moved at all: then everybody gets their own, which proves that the attack would see it. */
const judge = async <Move>(
  moves: readonly Move[],
  attack: (move: Move) => Promise<{ isForeign: boolean; isOwn: boolean }>,
) => {
  const [unmoved, ...moved] = await Promise.all(
    moves.map(async (move) => ({ move: JSON.stringify(move), ...(await attack(move)) })),
  )
  return {
    isOwn: unmoved?.isOwn,
    foreign: [unmoved, ...moved].filter((verdict) => verdict?.isForeign).map((verdict) => verdict?.move),
  }
}

const harmless = { isOwn: true, foreign: [] }
/** All of them together are the other’s own row. */
const allBut = (columns: readonly string[]) => combine(columns).filter(({ length }) => length < columns.length)

const register = async (person: Settled['person']) => {
  const token = randomness.token(40)
  const answer = await person.ask({
    path: '/qr-login/devices',
    body: { ...(await person.login()), kind: 'fcm', token },
  })
  if (answer.status !== 200) throw new Error(`No device was registered: ${answer.text}`)
  return token
}

/** What lies beside the record: the original has none of it. */
describe(`case 7, transplants of what is held, pending, told and pushed, on sss-lca, ${repeat}`, () => {
  let world: World
  let place: LcaPlace
  beforeAll(async () => {
    world = await startSssLca({ processes: 0 })
    const pushing = { ...(await world.app.outbox.push.environment()), TRUSTED_PROXY_HOPS: '1' }
    place = lcaPlaceOf(world, await world.app.spawn(pushing))
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const isMailed = async (address: string, { secrets }: Settled): Promise<boolean> =>
    (await place.textsTo(address)).some((text) => text.includes(secrets[1] ?? '-'))
  const sql = (query: string) => world.app.sql(query)
  const one = () => settleWhole(place, randomness)
  const two = async () => [await one(), await one()] as const
  const idsOf = (query: string) => async (people: readonly [Settled, Settled]) => {
    const found = people.map(async ({ person }) => String((await sql(query.replace('$did', person.did)))[0]?.['id']))
    return (await Promise.all(found)) as [string, string]
  }
  const accountsOf = idsOf(`select id from secret_shares.accounts where primary_did = '$did'`)
  it('a copy that is held comes back to nobody but its owner', async () => {
    const columns = ['did', 'lookup', 'account_id', 'record']
    const parts = ['account', 'logins', 'shares', 'methods']
    const moves = [
      ...[[], ...combine(columns)].map((some) => ({ columns: some, parts: [] as string[] })),
      ...combine(parts).map((some) => ({ columns: [] as string[], parts: some })),
    ]
    const verdict = await judge(moves, async (move) => {
      const people = await two()
      for (const { person } of people) await person.remove()
      const held = `select id from secret_shares.held where did = '$did' and reason = 'deleted'`
      const rows = await idsOf(held)(people)
      await exchangeRows({ sql, table: 'secret_shares.held', key: 'id', rows })(move.columns)
      if (move.parts.length > 0) await exchangeParts(rows, move.parts)
      for (const { person } of people) await person.restore()
      return isShown(people)
    })
    expect(verdict).toEqual(harmless)
  })

  /** The ids in what is moved are made to fit: rows that belong to no record would not come back. */
  const exchangeParts = (rows: readonly [string, string], parts: readonly string[]) => {
    const fitting = `replace(theirs.record::text, theirs.account_id::text, mine.account_id::text)::jsonb`
    const taken = parts.map((part) => `'${part}', ${fitting} -> '${part}'`).join(', ')
    const both = `('${rows.join("','")}')`
    return sql(`
      update secret_shares.held as mine set record = mine.record || jsonb_build_object(${taken})
        from secret_shares.held as theirs where mine.id in ${both} and theirs.id in ${both} and mine.id <> theirs.id`)
  }

  it('an address that waits for its code is proved for no other record', async () => {
    const verdict = await judge([[], ...combine(['code_id', 'email'])], async (columns) => {
      const people = await two()
      const pending = people.map(async ({ person }) => {
        const address = newAddress(randomness)
        return { address, code: await mailedCode(place, address, () => person.addEmail(address)) }
      })
      const [first, second] = await Promise.all(pending)
      if (first === undefined || second === undefined) throw new Error('Two people are needed.')
      const rows = await accountsOf(people)
      await exchangeRows({ sql, table: 'secret_shares.pending_emails', key: 'account_id', rows })(columns)
      for (const { person, secrets } of people) {
        for (const { code } of [first, second]) await person.verifyEmail(code)
        await person.backUp({ emailShare: `0002${secrets[1] ?? ''}`, useRecoveryEmail: true })
      }
      const [owner, other] = people
      return {
        isForeign: (await isMailed(first.address, other)) || (await isMailed(second.address, owner)),
        isOwn: (await isMailed(first.address, owner)) && (await isMailed(second.address, other)),
      }
    })
    expect(verdict).toEqual(harmless)
  })

  it('a notice goes to nobody but the owner of its record', async () => {
    const verdict = await judge([[], ...allBut(['account_id', 'owner', 'contact'])], async (columns) => {
      const people = await two()
      const first = `select id from secret_shares.notices where owner like '%$did' order by created_at limit 1`
      const rows = await idsOf(first)(people)
      await waitUntil('the first notices', async () => (await sentCounts(people, rows)).join() === '1,0,0,1')
      await exchangeRows({ sql, table: 'secret_shares.notices', key: 'id', rows })(columns)
      await sendAgain(rows)
      const counts = await sentCounts(people, rows)
      return { isForeign: !/^[12],0,0,[12]$/.test(counts.join()), isOwn: counts.join() === '2,0,0,2' }
    })
    expect(verdict).toEqual(harmless)
  })

  /** For each person and each of the two notices: how often it was sent there. */
  const sentCounts = async (people: readonly Settled[], notices: readonly string[]) => {
    const told = await Promise.all(people.map(({ contact }) => world.app.messagesTo(contact.email)))
    return told.flatMap((messages) => notices.map((notice) => messages.filter(({ id }) => id === notice).length))
  }

  const sendAgain = async (notices: readonly string[]) => {
    const listed = `('${notices.join("','")}')`
    await sql(`update secret_shares.notices set sent_at = null where id in ${listed}`)
    await sql(`
      select graphile_worker.add_job('secret-shares.deliver-notice', json_build_object('noticeId', id), max_attempts := 1)
        from secret_shares.notices where id in ${listed}`)
    await waitUntil('both jobs', async () => {
      const [left] = await sql(`
        select count(*)::int as count from graphile_worker._private_jobs
         where payload ->> 'noticeId' in ${listed} and (attempts = 0 or locked_at is not null)`)
      return left?.['count'] === 0
    })
  }

  it('a device is pushed for no other account', async () => {
    const verdict = await judge([[], ...allBut(['account_id', 'lookup', 'address'])], async (columns) => {
      const people = await two()
      const tokens = await Promise.all(people.map(({ person }) => register(person)))
      const found = await Promise.all(
        (await accountsOf(people)).map((id) =>
          sql(`select encode(lookup, 'hex') as key from qr_login.devices where account_id = '${id}'`),
        ),
      )
      const rows = found.map(([row]) => `\\x${String(row?.['key'])}`) as [string, string]
      await exchangeRows({ sql, table: 'qr_login.devices', key: 'lookup', rows })(columns)
      for (const { person } of people) {
        const { sessionId, shortCode } = await openSession(place)
        await person.ask({ path: '/qr-login/notify', body: { ...(await person.login()), sessionId, shortCode } })
      }
      const pushed = await Promise.all(tokens.map((token) => world.app.messagesTo(token)))
      const isFor = (at: number, { person }: Settled) => pushed[at]?.some(({ data }) => data['toDid'] === person.did)
      return {
        isForeign: people.some((some, at) => isFor(1 - at, some)),
        isOwn: people.every((some, at) => isFor(at, some)),
      }
    })
    expect(verdict).toEqual(harmless)
  })
})
