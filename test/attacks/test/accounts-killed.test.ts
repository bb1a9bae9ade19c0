import {
  type AccountsWorld,
  newKey,
  personOf,
  refused,
  signedIn,
  startAccounts,
} from '@strongroom/mpc-auth/testing/accounts'
import { chainOf } from '@strongroom/mpc-auth/testing/chain'
import type { AppProcess } from '@strongroom/test-world'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawFrom, drawSeed, waitUntil } from '../src/index.ts'
import { pass } from './accounts.ts'
import { hold } from './hold.ts'
import { kill, outcomeOf } from './key-server.ts'
import { countKills } from './kills.ts'

const randomness = drawFrom(drawSeed())
const rounds = Number(process.env['ATTACK_ROUNDS'] ?? 2)

/** Where a process that serves dies, and whether the account is there then. */
const opened = [
  { point: 'before the account', table: 'accounts', statement: 'insert into chain_accounts.accounts', made: false },
  { point: 'before its login', table: 'identities', statement: 'insert into chain_accounts.identities', made: false },
  { point: 'before its keys', table: 'keys', statement: 'insert into chain_accounts.keys', made: false },
  { point: 'before its deployment', table: '', statement: 'insert into chains.transactions', made: false },
  {
    point: 'between submit and commit',
    table: 'addresses',
    statement: 'insert into chain_accounts.addresses',
    made: false,
  },
  {
    point: 'before its session',
    table: 'token_families',
    statement: 'insert into chain_accounts.token_families',
    made: true,
  },
] as const

/** Where a worker dies. Its row was written a moment before: a lock of '' lets it wait in the trigger below. */
const deployed = [
  { point: 'before it has a nonce', lock: 'chains.spending', statement: 'insert into chains.spending' },
  { point: 'before its bytes are kept', lock: 'chains.sendings', statement: 'insert into chains.sendings' },
  { point: 'when it was sent, before that is written down', lock: '', statement: 'update chains.sendings' },
  { point: 'before its end is written down', lock: 'chains.transactions', statement: 'final_hash' },
  {
    point: 'when it stands, before that is written down',
    lock: 'chain_accounts.addresses',
    statement: 'update chain_accounts.addresses',
  },
  {
    point: 'before the account counts',
    lock: 'chain_accounts.accounts',
    statement: 'update chain_accounts.accounts',
  },
] as const

describe(`case 8, kill -9 while accounts are opened, ATTACK_SEED=${randomness.seed}`, { timeout: 240_000 }, () => {
  let world: AccountsWorld
  let worker: AppProcess
  const kills = countKills()
  beforeAll(async () => {
    world = await startAccounts({ processes: 0 })
    await world.app.sql(`
      create function public.wait() returns trigger language plpgsql as $$
        begin perform pg_advisory_xact_lock(77); return new; end $$;
      create trigger wait before update on chains.sendings for each row execute function public.wait()`)
    await world.app.spawn({}, '--role=api')
    worker = await world.app.spawn({}, '--role=worker')
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const SURVIVOR = 0
  /** One more process that serves, by its place. */
  const spawnVictim = async (): Promise<readonly [AppProcess, number]> => {
    const place = world.app.processes.length
    return [await world.app.spawn({}, '--role=api'), place]
  }
  const numberOf = async (query: string) =>
    Number((await world.app.sql(`select count(*)::int as n from ${query}`))[0]?.['n'])

  /** Of everything as many as there are people: here, in what is sent, and on the chain. */
  async function counts() {
    const target = (await world.app.sql('select target from chains.transactions limit 1'))[0]?.['target']
    const address = `0x${Buffer.from((target ?? '') as Uint8Array).toString('hex')}`
    const of = { fromBlock: '0x0', toBlock: 'latest', address }
    const created = target === undefined ? [] : ((await world.node.ask('eth_getLogs', of)) as unknown[])
    const [relayer] = await world.app.sql('select address, next_nonce from chains.relayers')
    const at = `0x${Buffer.from((relayer?.['address'] ?? '') as Uint8Array).toString('hex')}`
    const sent = Number(BigInt((await world.node.ask('eth_getTransactionCount', at, 'latest')) as string))
    return {
      accounts: await numberOf('chain_accounts.accounts'),
      logins: await numberOf('chain_accounts.identities'),
      keys: (await numberOf('chain_accounts.keys')) / 2,
      addresses: await numberOf('chain_accounts.addresses'),
      deployments: await numberOf('chains.transactions'),
      created: created.length,
      sent,
      nonces: Number(relayer?.['next_nonce']),
    }
  }
  const evenly = (people: number) => ({
    accounts: people,
    logins: people,
    keys: people,
    addresses: people,
    deployments: people,
    created: people,
    sent: people,
    nonces: people,
  })
  let people = 0

  /** Signed in to, with its own signers; and nothing twice. */
  async function mustStand(person: ReturnType<typeof personOf>, phone: ReturnType<typeof newKey>): Promise<string> {
    await waitUntil('the account stands', async () => (await person.signIn(phone)).status === 200)
    const { account } = signedIn(await person.signIn(phone))
    const standing = await chainOf(world).readAccount(account.addresses[0]?.address ?? '')
    expect(standing?.signers).toHaveLength(2)
    expect(await counts()).toEqual(evenly(people))
    return account.id
  }

  /** Who is late would be told that the account stands already: it cannot while what was sent is not written down. */
  const noneStands = () => hold(world.app, 'select pg_advisory_xact_lock(77)')

  it.each(opened)(
    'killed $point: all of an account or nothing, and asked once more there is one',
    async ({ point, table, statement, made }) => {
      const [victim, process] = await spawnVictim()
      const [subject, phone] = [`person-${randomness.token(12)}`, newKey()]
      const before = await numberOf('chain_accounts.accounts')
      const lock = table === '' ? 'chains.transactions' : `chain_accounts.${table}`
      await using waiting = await noneStands()
      {
        await using held = await hold(world.app, `lock table ${lock} in share mode`)
        const answer = outcomeOf(personOf(world, { subject, process }).signUp(phone))
        await held.caught(statement)
        await kills.at(point, victim)
        expect(await answer).toBe('lost')
        await held.release()
      }
      const left = ['accounts', 'identities', 'addresses'].map((name) => numberOf(`chain_accounts.${name}`))
      expect(await Promise.all(left)).toEqual(left.map(() => before + (made ? 1 : 0)))
      people++
      const person = personOf(world, { subject, process: SURVIVOR })
      const [first, again] = [await person.signUp(phone), await person.signUp(phone)]
      await waiting.release()
      expect([first.status, again.status]).toEqual([201, 201])
      expect(signedIn(again).account.id).toBe(signedIn(first).account.id)
      expect(await mustStand(person, phone)).toBe(signedIn(first).account.id)
      // With another key it is not opened anew.
      expect(refused(await person.signUp(newKey()))).toEqual([400, 'AlreadySignedUp'])
    },
  )

  it.each(deployed)(
    'the worker is killed $point: it is deployed once, and counts',
    async ({ point, lock, statement }) => {
      const [person, phone] = [personOf(world, { process: SURVIVOR }), newKey()]
      people++
      // What the sign-up itself would wait for is locked after it.
      await kill(worker)
      expect((await person.signUp(phone)).status).toBe(201)
      {
        // Its row was written a moment before: only what changes it may wait.
        const wait = lock === '' ? 'select pg_advisory_xact_lock(77)' : `lock table ${lock} in share mode`
        await using held = await hold(world.app, wait)
        const dying = await world.app.spawn({}, '--role=worker')
        await held.caught(statement)
        await kills.at(point, dying)
        await held.release()
      }
      worker = await world.app.spawn({}, '--role=worker')
      await pass(world, '2 minutes')
      await mustStand(person, phone)
    },
  )

  /** Who asks where, all at once; what they are told: an account, a refusal, or nothing. */
  const signUpAt = (places: readonly number[], subject: string, phone: ReturnType<typeof newKey>) =>
    places.map((process) =>
      personOf(world, { subject, process })
        .signUp(phone)
        .then((answer) => (answer.status === 201 ? signedIn(answer).account.id : String(answer.status)))
        .catch(() => 'lost'),
    )

  it('one login signs up at two processes at once, one killed before the login is there: it has one account', async () => {
    const [victim, process] = await spawnVictim()
    const [subject, phone] = [`person-${randomness.token(12)}`, newKey()]
    people++
    const statement = 'insert into chain_accounts.identities'
    await using waiting = await noneStands()
    await using held = await hold(world.app, 'lock table chain_accounts.identities in share mode')
    const dying = signUpAt([process, process, process], subject, phone)
    await held.caught(statement)
    const living = signUpAt([SURVIVOR, SURVIVOR], subject, phone)
    await kills.at('beside another', victim)
    await held.release()
    expect(await Promise.all(dying)).toEqual(['lost', 'lost', 'lost'])
    const answers = new Set(await Promise.all(living))
    await waiting.release()
    expect(answers.size).toBe(1)
    expect(answers).toContain(await mustStand(personOf(world, { subject, process: SURVIVOR }), phone))
  })

  it.each(Array.from({ length: rounds }, (_, round) => ({ round })))(
    'one login signs up at several processes at once, one of them killed, round $round: it has one account',
    async ({ round }) => {
      const [victim, process] = await spawnVictim()
      const [subject, phone] = [`person-${randomness.token(12)}`, newKey()]
      people++
      await using waiting = await noneStands()
      const asked = signUpAt([process, SURVIVOR, process, SURVIVOR, process], subject, phone)
      await pause(randomness.integer(60))
      await kills.at(`at random, ${String(round)}`, victim)
      const answers = (await Promise.all(asked)).filter((one) => one !== 'lost')
      await waiting.release()
      expect(new Set(answers).size).toBe(1)
      expect(await mustStand(personOf(world, { subject, process: SURVIVOR }), phone)).toBe(answers[0])
    },
  )

  it('at each of these points somebody stood, and died', () => {
    const named = [...opened, ...deployed].map(({ point }) => point)
    const random = Array.from({ length: rounds }, (_, round) => `at random, ${String(round)}`)
    expect(new Set(named).size).toBe(named.length)
    expect(kills.points()).toEqual([...named, 'beside another', ...random])
  })
})
