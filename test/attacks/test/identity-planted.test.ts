import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  answerTo,
  ask,
  call,
  demandIn,
  drawFrom,
  drawSeed,
  enableTotp,
  factorsUrl,
  followLink,
  type IdentityOwner,
  linkTo,
  mustAnswer,
  mustDemand,
  newIdentityOwner,
  openWallet,
  passing,
  passwordOtp,
  questionOf,
  recoveryWallet,
  settleOwner,
  signUp,
  totpOf,
  waitUntil,
  walletBody,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, startIdentity } from './identity-storage.ts'
import { passTime } from './key-server.ts'
import { combine } from './share-rows.ts'

const randomness = drawFrom(drawSeed())

/** Case 7, of rows that pass: demands, codes, changes, holds. They are moved, copied and altered before somebody uses them. */
describe(`case 7, rows that somebody planted, on identity-storage, ATTACK_SEED=${randomness.seed}`, () => {
  let world: IdentityWorld
  let worker: Awaited<ReturnType<IdentityWorld['app']['spawn']>>
  beforeAll(async () => {
    world = await startIdentity({ processes: 0 })
    await world.app.spawn({}, '--role=api')
    worker = await world.app.spawn({}, '--role=worker')
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const place = () => identityPlaceOf(world)
  const sql = (query: string) => world.app.sql(query)
  const walletOf = ({ accountId }: IdentityOwner) =>
    `(select id from identity.wallets where account_id = '${accountId}')`
  const signersOf = async ({ accountId }: IdentityOwner): Promise<string[]> => {
    const { body } = await call(place(), `GET /v3/accounts/${accountId}/signers`)
    return (JSON.parse(body) as { data: { id: string }[] }).data.map(({ id }) => id)
  }
  /** Lets a sweep find what was planted: it is tried, and put off or done. */
  const sweep = async () => {
    await passTime(world.app, '2 minutes')
    await waitUntil(
      'a sweep',
      async () => (await sql(`select from identity.changes where tried_at < '2001-01-01'`)).length === 0,
    )
  }
  const recovering = (thief: IdentityOwner) =>
    questionOf(place(), `PUT /wallets/${thief.walletId}`, { by: thief.signer, body: recoveryWallet(thief) })
  const moving = (owner: IdentityOwner, next: IdentityOwner) =>
    questionOf(place(), `POST /wallets/${owner.walletId}`, { body: walletBody(next) })

  it('a code for another’s wallet is mailed to nobody else, whatever job or demand is turned to it', async () => {
    const [victim, thief] = [await settleOwner(place(), randomness), await settleOwner(place(), randomness)]
    const stand = async (alter: (mine: string, theirs: string) => string) => {
      worker.child.kill('SIGSTOP')
      const before = (await place().textsTo(thief.email)).length
      const [taker, wanted] = [
        { ...newIdentityOwner(randomness, { email: thief.email }), accountId: thief.accountId },
        { ...newIdentityOwner(randomness, { email: victim.email }), accountId: victim.accountId },
      ]
      const mine = mustDemand(await ask(recovering(taker)))
      const theirs = mustDemand(await ask(recovering(wanted)))
      const token = (demand: typeof mine) =>
        `(select id from identity.factor_tokens where digest = sha256('${demand.token}'))`
      await sql(alter(token(mine), token(theirs)))
      worker.child.kill('SIGCONT')
      const untried = `select from graphile_worker.jobs where task_identifier = 'identity.send-factor-code' and (locked_at is not null or attempts = 0)`
      await waitUntil('codes', async () => (await sql(untried)).length === 0)
      const got = (await place().textsTo(thief.email)).slice(before)
      const codes = got.flatMap((text) => /code is: (\d{6})/.exec(text)?.[1] ?? [])
      const served = []
      for (const code of codes) served.push((await answerTo(place(), theirs, code)).status)
      await sql(
        `delete from codes.codes; delete from graphile_worker._private_jobs; delete from identity.factor_tokens`,
      )
      return served.filter((status) => status === 204)
    }
    // The job names their code, and my demand.
    const jobs = (mine: string, theirs: string) => `
      update graphile_worker._private_jobs as j set payload = json_build_object('tokenId', ${mine}, 'codeId', other.payload ->> 'codeId')
        from graphile_worker._private_jobs as other
       where j.payload ->> 'tokenId' = ${mine}::text and other.payload ->> 'tokenId' = ${theirs}::text`
    // My code is theirs before it is drawn.
    const codes = (mine: string, theirs: string) => `
      update codes.codes as c set subject = other.subject, purpose = other.purpose, "group" = other."group" from codes.codes as other
       where c.id = (select (payload ->> 'codeId')::uuid from graphile_worker._private_jobs where payload ->> 'tokenId' = ${mine}::text)
         and other.id = (select (payload ->> 'codeId')::uuid from graphile_worker._private_jobs where payload ->> 'tokenId' = ${theirs}::text)`
    // My demand is theirs.
    const demands = (mine: string, theirs: string) => `
      update identity.factor_tokens as t set wallet_id = other.wallet_id, factor_id = other.factor_id, request = other.request, name = other.name
        from identity.factor_tokens as other where t.id = ${mine} and other.id = ${theirs}`
    const addresses = (mine: string, theirs: string) => `
      update identity.factor_tokens as t set address = other.address
        from identity.factor_tokens as other where t.id = ${theirs} and other.id = ${mine}`
    expect(await stand(jobs)).toEqual([])
    expect(await stand(codes)).toEqual([])
    expect(await stand((mine, theirs) => `${demands(mine, theirs)}; ${codes(mine, theirs)}`)).toEqual([])
    expect(await stand((mine, theirs) => `${demands(mine, theirs)}; ${jobs(mine, theirs)}`)).toEqual([])
    expect(await stand(addresses)).toEqual([])
  }, 180_000)

  it('a verification serves no other wallet, factor or request, whichever columns are exchanged', async () => {
    const columns = ['wallet_id', 'factor_id', 'request', 'name', 'digest', 'id']
    const opened: string[] = []
    for (const some of combine(columns)) {
      const [victim, thief] = [await settleOwner(place(), randomness), await settleOwner(place(), randomness)]
      const [theirTotp, myTotp] = [await enableTotp(place(), victim), await enableTotp(place(), thief)]
      expect(theirTotp.id).not.toBe(myTotp.id)
      const agent = { 'user-agent': 'somebody else' }
      const theirs = mustDemand(await ask(questionOf(place(), `GET /wallets/${victim.walletId}`, { headers: agent })))
      const mine = mustDemand(await ask(openWallet(place(), thief.walletId)))
      await mustAnswer(answerTo(place(), mine, totpOf(myTotp.secret)), 204)
      const row = (token: string) => `digest = sha256('${token}')`
      const swap = some.map((column) => `first.${column} := second.${column}; second.${column} := kept.${column};`)
      await sql(`
        do $$ declare first identity.factor_tokens; second identity.factor_tokens; kept identity.factor_tokens; begin
          select * into strict first from identity.factor_tokens where ${row(mine.token)};
          select * into strict second from identity.factor_tokens where ${row(theirs.token)};
          kept := first; ${swap.join(' ')}
          delete from identity.factor_tokens where ${row(mine.token)} or ${row(theirs.token)};
          insert into identity.factor_tokens select first.*; insert into identity.factor_tokens select second.*;
        end $$`)
      for (const headers of [{}, agent]) {
        const asked = await ask(questionOf(place(), `GET /wallets/${victim.walletId}`, { headers }))
        if (asked.status === 200) opened.push(`${some.join(', ')}: opened`)
      }
      await place().forgetSteps?.()
      for (const demand of [theirs, mine]) {
        const there = { ...demand, wallet_id: victim.walletId, factor_id: Number(theirTotp.id) }
        if ((await answerTo(place(), there, totpOf(myTotp.secret))).status === 204)
          opened.push(`${some.join(', ')}: verified`)
      }
    }
    expect(opened).toEqual([])
  }, 180_000)

  it('a password counts as TOTP for nobody who exchanges the numbers of two factors', async () => {
    const owner = await settleOwner(place(), randomness)
    const totp = await enableTotp(place(), owner)
    const next = newIdentityOwner(randomness, { signer: owner.signer })
    const password = mustDemand(await ask(moving(owner, next)))
    await mustAnswer(answerTo(place(), password, passwordOtp(owner.factor, password)), 204)
    await sql(`
      alter table identity.factors alter column id drop identity;
      alter table identity.factor_tokens drop constraint factor_tokens_factor_id_fkey;
      update identity.factors set id = -1 where id = ${totp.id};
      update identity.factors set id = ${totp.id} where id = ${String(password.factor_id)};
      update identity.factors set id = ${String(password.factor_id)} where id = -1`)
    // The password is asked for once more, under its new number, and proven; TOTP still is not.
    const again = demandIn(await ask(moving(owner, next)))
    if (again?.factor_type === 'password') await answerTo(place(), again, passwordOtp(owner.factor, again))
    const last = await ask(moving(owner, next))
    expect([last.status, demandIn(last)?.factor_type]).toEqual([403, 'totp'])
    await sql(`
      update identity.factors set id = -1 where id = ${totp.id};
      update identity.factors set id = ${totp.id} where id = ${String(password.factor_id)};
      update identity.factors set id = ${String(password.factor_id)} where id = -1;
      alter table identity.factors alter column id add generated always as identity (start 100000)`)
  })

  it('a change that one wallet asked for is no other’s, lets no other key in, and needs its link', async () => {
    const [victim, thief] = [await settleOwner(place(), randomness), await settleOwner(place(), randomness)]
    const next = newIdentityOwner(randomness, { signer: thief.signer, accountId: thief.accountId })
    await mustAnswer(
      passing(place(), () => moving(thief, next), { password: thief.factor }),
      204,
    )
    const link = await linkTo(place(), next.email)
    const key = newIdentityOwner(randomness).signer.id
    const copy = (set: Readonly<Record<string, string>>) =>
      sql(`
      insert into identity.changes
      select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'tried_at', '2000-01-01', 'created_at', strongroom.now()
               ${Object.entries(set)
                 .map(([column, value]) => `, '${column}', ${value}`)
                 .join('')}))).*
        from identity.changes as c where c.wallet_id = ${walletOf(thief)} and c.kind = 'address' limit 1`)
    for (const whose of [victim, thief]) {
      const wallet_id = walletOf(whose)
      for (const set of [{ kind: `'recovery'`, signer: `'${key}'` }, { kind: `'password'` }, { kind: `'recovery'` }]) {
        await copy({ ...set, wallet_id })
        await sweep()
        expect(await signersOf(whose)).toEqual([whose.signer.id])
        expect((await ask(openWallet(place(), whose.walletId))).body).toContain(whose.keychain)
        await sql(`delete from identity.changes where kind <> 'address'`)
      }
    }
    await sql(`update identity.changes set wallet_id = ${walletOf(victim)} where wallet_id = ${walletOf(thief)}`)
    expect((await followLink(place(), link)).status).not.toBe(204)
    expect((await ask(openWallet(place(), victim.walletId))).body).toContain(victim.keychain)
  }, 180_000)

  it('what is held of one wallet comes back to no other, and no key that a recovery let in stays behind', async () => {
    const opened: string[] = []
    for (const some of combine(['wallet_id', 'lookup', 'contact', 'contents', 'signer'])) {
      const people = [await settleOwner(place(), randomness), await settleOwner(place(), randomness)] as const
      const [victim, thief] = people
      const keys: string[] = []
      for (const one of people) {
        const taker = { ...newIdentityOwner(randomness, { email: one.email }), accountId: one.accountId }
        await mustAnswer(
          passing(place(), () => recovering(taker), { email: one.email }),
          200,
        )
        keys.push(taker.signer.id)
      }
      const row = ({ accountId }: IdentityOwner, index: number) =>
        `signer = '${keys[index] ?? ''}' and wallet_id = (select id from identity.wallets where account_id = '${accountId}')`
      const swap = some.map((column) => `first.${column} := second.${column}; second.${column} := kept.${column};`)
      await sql(`
        do $$ declare first identity.holds; second identity.holds; kept identity.holds; begin
          delete from identity.holds where ${row(victim, 0)} returning * into strict first;
          delete from identity.holds where ${row(thief, 1)} returning * into strict second;
          kept := first; ${swap.join(' ')}
          insert into identity.holds select first.*; insert into identity.holds select second.*;
        end $$`)
      for (const walletId of [thief.walletId, victim.walletId]) {
        const brought = await call(place(), `POST /wallets/${walletId}/restoration`, { by: thief.signer })
        if (brought.body.includes(victim.keychain)) opened.push(`${some.join(', ')}: their keychain`)
        if (brought.status === 200 && (await signersOf(thief)).length > 1)
          opened.push(`${some.join(', ')}: a key stays`)
      }
      if ((await ask(openWallet(place(), thief.walletId))).body.includes(victim.keychain)) opened.push(some.join(', '))
    }
    expect(opened).toEqual([])
  }, 180_000)

  it('no factor is switched off, removed or made easier, and no address verified, by a table alone', async () => {
    const owner = await settleOwner(place(), randomness)
    const totp = await enableTotp(place(), owner)
    const unverified = newIdentityOwner(randomness)
    await mustAnswer(signUp(place(), unverified), 201)
    const planted = [
      [owner, `update identity.factors set priority = 0 where id = ${totp.id}`],
      [owner, `update identity.factors set type = 'phone' where id = ${totp.id}`],
      [owner, `update identity.wallets set version = version + 1 where account_id = '${owner.accountId}'`],
      [owner, `delete from identity.factors where id = ${totp.id}`],
      [unverified, `update identity.wallets set verified = true where account_id = '${unverified.accountId}'`],
      [
        unverified,
        `update identity.wallets set verified = true, stamp = (select stamp from identity.wallets where account_id = '${owner.accountId}') where account_id = '${unverified.accountId}'`,
      ],
    ] as const
    for (const [who, statement] of planted) {
      await sql(statement)
      const opened = await ask(openWallet(place(), who.walletId))
      expect([statement, opened.status, opened.body.includes(who.keychain)]).toEqual([
        statement,
        opened.status === 200 ? 'refused' : opened.status,
        false,
      ])
      await sql(`
        update identity.factors set priority = 101, type = 'totp' where id = ${totp.id};
        update identity.wallets set version = version - 1 where account_id = '${owner.accountId}' and ${String(statement.includes('version'))}`)
    }
  })

  it('factors of others are nobody’s by their numbers', async () => {
    const [victim, thief] = [await settleOwner(place(), randomness), await settleOwner(place(), randomness)]
    const theirs = await enableTotp(place(), victim)
    for (const method of ['PATCH', 'DELETE'] as const) {
      const body = method === 'PATCH' ? { body: { data: { attributes: { priority: 0 } } } } : {}
      const asked = await call(place(), `${method} ${factorsUrl(thief)}/${theirs.id}`, { by: thief.signer, ...body })
      expect(asked.status).toBe(404)
    }
  })
})
