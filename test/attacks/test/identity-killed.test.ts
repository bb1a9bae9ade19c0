import type { AppProcess } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  answerTo,
  ask,
  call,
  changedWallet,
  drawFrom,
  drawSeed,
  followLink,
  type IdentityOwner,
  killWhileSigningUp,
  linkTo,
  mustAnswer,
  mustDemand,
  newestCode,
  newIdentityOwner,
  openWallet,
  passwordOtp,
  questionOf,
  recoveryOf,
  settleOwner,
  signerChange,
  signUp,
  waitUntil,
} from '../src/index.ts'
import { hold } from './hold.ts'
import { findIdentityOrphans } from './identity-orphans.ts'
import { identityPlaceOf, type IdentityWorld, NETWORK, startIdentity } from './identity-storage.ts'
import { kill, outcomeOf, passTime } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const rounds = Number(process.env['ATTACK_ROUNDS'] ?? 2)

describe(`case 8, kill -9 while wallets are made and changed, ATTACK_SEED=${randomness.seed}`, () => {
  let world: IdentityWorld
  let victim: AppProcess
  const spawnApi = () => world.app.spawn({}, '--role=api')
  beforeAll(async () => {
    world = await startIdentity()
    victim = await spawnApi()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const survivor = () => identityPlaceOf(world)
  const dying = () => identityPlaceOf(world, victim)
  const sql = (query: string) => world.app.sql(query)
  /** What was begun is finished by others, a minute later. */
  const settled = async () => {
    await passTime(world.app, '2 minutes')
    await waitUntil('no halves', async () => (await findIdentityOrphans(world.app)).length === 0)
  }
  const signersOf = async (account: string): Promise<string[]> => {
    const { body } = await call(survivor(), `GET /v3/accounts/${account}/signers`)
    return ((JSON.parse(body) as { data?: { id: string }[] }).data ?? []).map(({ id }) => id)
  }
  const killAt = async (lock: string, statement: string, act: () => Promise<unknown>) => {
    await using held = await hold(world.app, `lock table ${lock} in share mode`)
    const answer = outcomeOf(act())
    await held.caught(statement)
    await kill(victim)
    expect(await answer).toBe('lost')
    await held.release()
    victim = await spawnApi()
  }

  it.each([
    { point: 'before the row', lock: 'identity.wallets', statement: 'insert into identity.wallets', made: false },
    { point: 'before its names', lock: 'identity.names', statement: 'insert into identity.names', made: false },
    { point: 'before its password', lock: 'identity.factors', statement: 'insert into identity.factors', made: false },
    {
      point: 'before the ledger has its account',
      lock: 'identity.ledger_accounts',
      statement: 'insert into identity.ledger_accounts',
      made: true,
    },
    {
      point: 'before the account has its signers',
      lock: 'identity.ledger_signers',
      statement: 'delete from identity.ledger_signers',
      made: true,
    },
    {
      point: 'before its identity',
      lock: 'identity.identities',
      statement: 'insert into identity.identities',
      made: true,
    },
    { point: 'before its mail', lock: 'identity.messages', statement: 'insert into identity.messages', made: true },
    { point: 'before its session', lock: 'identity.sessions', statement: 'insert into identity.sessions', made: true },
  ])(
    'a wallet is made, killed $point: all of it is there in the end, or nothing',
    async ({ lock, statement, made }) => {
      const owner = newIdentityOwner(randomness)
      await killAt(lock, statement, () => signUp(dying(), owner))
      await settled()
      expect(await signersOf(owner.accountId)).toEqual(made ? [owner.signer.id] : [])
      if (!made) await mustAnswer(signUp(survivor(), owner), 201)
      await mustAnswer(followLink(survivor(), await linkTo(survivor(), owner.email)), 204)
      expect((await ask(openWallet(survivor(), owner.walletId))).body).toContain(owner.keychain)
      expect((await survivor().textsTo(owner.email)).length).toBe(1)
    },
  )

  const failures = async () => (await world.app.log()).split('identity.finish-creations').length

  it('whoever writes other signers into what a crash left makes no account of them, nor a verified wallet', async () => {
    const owner = newIdentityOwner(randomness)
    await killAt('identity.ledger_accounts', 'insert into identity.ledger_accounts', () => signUp(dying(), owner))
    const row = `identity.wallets where account_id = '${owner.accountId}'`
    const [kept] = await sql(`select signers, verified from ${row}`)
    const thief = newIdentityOwner(randomness).signer.id
    for (const written of [
      `signers = replace(signers::text, '${owner.signer.id}', '${thief}')::jsonb`,
      `signers = jsonb_set(signers, '{list,1}', signers -> 'list' -> 0)`,
      'verified = true',
    ]) {
      await sql(`update identity.wallets set ${written} where account_id = '${owner.accountId}'`)
      const failed = await failures()
      await passTime(world.app, '2 minutes')
      const isMade = async () => (await sql(`select from ${row} and signers is null`)).length > 0
      await waitUntil('a sweep', async () => (await failures()) > failed || (await isMade()))
      expect(await signersOf(owner.accountId)).toEqual([])
      await sql(
        `update identity.wallets set signers = '${JSON.stringify(kept?.['signers'])}', verified = false where account_id = '${owner.accountId}'`,
      )
    }
    await settled()
    expect(await signersOf(owner.accountId)).toEqual([owner.signer.id])
  })

  /** A change that is proven, and has but to be asked for once more. */
  const proven = async (owner: IdentityOwner, next: IdentityOwner) => {
    const { accountId: account, signer: by } = owner
    const envelope = signerChange({ networkPassphrase: NETWORK, account, by, adds: [next.signer.id], removes: [by.id] })
    const put = () => questionOf(dying(), `PUT /wallets/${owner.walletId}`, { by, body: changedWallet(next, envelope) })
    const demand = mustDemand(await ask(put()))
    await mustAnswer(answerTo(dying(), demand, passwordOtp(owner.factor, demand)), 204)
    return put
  }

  it.each([
    {
      point: 'before it is written down',
      lock: 'identity.changes',
      statement: 'insert into identity.changes',
      changed: false,
    },
    { point: 'before its names', lock: 'identity.names', statement: 'insert into identity.names', changed: false },
    {
      point: 'before the ledger has it',
      lock: 'identity.ledger_accounts',
      statement: 'update identity.ledger_accounts',
      changed: true,
    },
    {
      point: 'before the ledger has its transaction',
      lock: 'identity.ledger_transactions',
      statement: 'insert into identity.ledger_transactions',
      changed: true,
    },
    {
      point: 'when the ledger has it, and the wallet not',
      lock: 'identity.wallets',
      statement: 'update identity.wallets',
      changed: true,
    },
    {
      point: 'before the new password',
      lock: 'identity.factors',
      statement: 'delete from identity.factors',
      changed: true,
    },
    {
      point: 'before its owner is told',
      lock: 'identity.messages',
      statement: 'insert into identity.messages',
      changed: true,
    },
  ])('a wallet is changed, killed $point: wallet and ledger agree', async ({ lock, statement, changed }) => {
    const owner = await settleOwner(survivor(), randomness)
    const next = { ...newIdentityOwner(randomness, { email: owner.email }), accountId: owner.accountId }
    const put = await proven(owner, next)
    await killAt(lock, statement, () => ask(put()))
    await settled()
    const [there, gone] = changed ? [next, owner] : [owner, next]
    expect(await signersOf(owner.accountId)).toEqual([there.signer.id])
    expect((await ask(openWallet(survivor(), there.walletId))).body).toContain(there.keychain)
    expect((await ask(openWallet(survivor(), gone.walletId))).status).toBe(404)
  })

  it.each([
    {
      point: 'before the ledger lets the key in',
      lock: 'identity.ledger_accounts',
      statement: 'update identity.ledger_accounts',
    },
    { point: 'before the old wallet is held', lock: 'identity.holds', statement: 'insert into identity.holds' },
    { point: 'before its owner is told', lock: 'identity.messages', statement: 'insert into identity.messages' },
  ])('a wallet is recovered, killed $point: the old one can be brought back', async ({ lock, statement }) => {
    const owner = await settleOwner(survivor(), randomness)
    const { thief, question } = recoveryOf(dying(), owner, randomness)
    const demand = mustDemand(await ask(question()))
    await mustAnswer(answerTo(dying(), demand, await newestCode(survivor(), owner.email)), 204)
    await killAt(lock, statement, () => ask(question()))
    await settled()
    expect(await signersOf(owner.accountId)).toEqual(expect.arrayContaining([owner.signer.id, thief.signer.id]))
    expect((await ask(openWallet(survivor(), thief.walletId))).status).toBe(200)
    await mustAnswer(call(survivor(), `POST /wallets/${owner.walletId}/restoration`, { by: owner.signer }), 200)
    expect(await signersOf(owner.accountId)).toEqual([owner.signer.id])
    expect((await ask(openWallet(survivor(), owner.walletId))).body).toContain(owner.keychain)
  })

  it.each(Array.from({ length: rounds }, (_, round) => ({ round })))(
    'killed at a random time, round $round: every wallet that was answered is there, and nothing by halves',
    async () => {
      const verdict = await killWhileSigningUp({
        victim: { place: dying(), kill: () => kill(victim) },
        survivor: survivor(),
        settled,
        connections: 4,
        patience: 1_000,
        randomness,
      })
      expect(verdict).toEqual({ answered: verdict.answered, there: verdict.answered, strange: 0 })
      victim = await spawnApi()
    },
  )
})
