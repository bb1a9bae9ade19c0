import { addition, beginTwoFactor, chainOf, signedBy } from '@strongroom/mpc-auth/testing/chain'
import { type AccountsWorld, newKey, personOf, signedIn, startAccounts } from '@strongroom/mpc-auth/testing/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asks, asSuperuser, shiftDatabase, tokenOf } from './accounts.ts'
import {
  addDevice,
  approvalOf,
  changeIn,
  cloudKey,
  type SecondDevice,
  settle,
  type Settled,
} from './accounts-devices.ts'
import { combine } from './share-rows.ts'

/** Somebody with two devices, of whom a change, a two-factor request and a recovery wait. */
interface Waiting extends Settled {
  readonly tablet: SecondDevice
  readonly cloud: ReturnType<typeof newKey>
  readonly change: { readonly id: string; readonly digest: string }
  readonly requestId: string
  readonly requestToken: string
  readonly renewal: string
  readonly challenge: string
}

describe('case 7, rows of accounts that are exchanged', { timeout: 300_000 }, () => {
  let world: AccountsWorld
  let began: number
  let both: readonly [Waiting, Waiting]
  beforeAll(async () => {
    world = await startAccounts()
    both = [await wait(), await wait()]
    began = performance.now()
  }, 180_000)
  afterAll(() => world[Symbol.asyncDispose]())
  // What waits must still wait when the last exchange is tried: its end is part of its stamp, so time stands instead.
  beforeEach(() => {
    const passed = Math.round(performance.now() - began)
    began += passed
    return shiftDatabase(world.app, `-${String(passed)} milliseconds`)
  })

  async function wait(): Promise<Waiting> {
    const [settled, cloud, chain] = [await settle(personOf(world)), newKey(), chainOf(world)]
    const tablet = await addDevice(world, settled)
    const { person, phone, token, address } = settled
    await person.post('/key/v1/recovery', cloudKey(cloud), token)
    const body = await signedBy(chain, await chain.describeChange(address, addition(cloud)), [phone])
    const change = changeIn(await person.post('/sign/v1/evm/transaction', body, token))
    const { id: requestId, token: requestToken } = await beginTwoFactor(person, newKey())
    await asks(world, requestToken)('POST', '/auth/v1/recover')
    const renewal = signedIn(await person.signIn(phone)).credentials.refreshToken
    for (const { publicKey } of [phone, tablet.key])
      await asks(world, token)('PUT', `/device/v1/devices/${publicKey}`, { name: nameOf(settled) })
    const challenge = await person.challenge(phone.publicKey)
    return { ...settled, tablet, cloud, change, requestId, requestToken, renewal, challenge }
  }

  const nameOf = ({ accountId }: { accountId: string }) => `device of ${accountId.slice(0, 8)}`
  const uuid = (id: string) => `'${id}'`
  const bytes = (hex: string) => `'\\x${hex}'`
  const one = (table: string, where: string, by: string) =>
    `select ${by} from chain_accounts.${table} where ${where} limit 1`
  /** By what a row of each is told from others, which is not exchanged. */
  const rowOf: Readonly<Record<string, readonly [by: string, find: (who: Waiting) => string]>> = {
    'keys of devices': ['id', ({ phone }) => one('keys', `public_key = ${bytes(phone.publicKey)}`, 'id')],
    'keys of the server': [
      'id',
      ({ accountId }) => one('keys', `account_id = ${uuid(accountId)} and type = 'server-key'`, 'id'),
    ],
    identities: ['created_at', ({ accountId }) => one('identities', `account_id = ${uuid(accountId)}`, 'created_at')],
    addresses: ['created_at', ({ accountId }) => one('addresses', `account_id = ${uuid(accountId)}`, 'created_at')],
    two_factor_requests: ['id', ({ requestId }) => `select ${uuid(requestId)}::uuid`],
    signer_changes: ['id', ({ change }) => `select ${uuid(change.id)}::uuid`],
    recoveries: ['id', ({ accountId }) => one('recoveries', `account_id = ${uuid(accountId)}`, 'id')],
    token_families: ['id', ({ accountId }) => one('token_families', `account_id = ${uuid(accountId)}`, 'id')],
    relayed: ['created_at', ({ accountId }) => one('relayed', `account_id = ${uuid(accountId)}`, 'created_at')],
    challenges: ['digest', ({ challenge }) => `select sha256(${bytes(challenge)})`],
  }
  const tableOf = (what: string) => `chain_accounts.${what.replace(/ .*/, '')}`

  /** What was asked for meanwhile stands in the way of what comes back. */
  const asTheyWaited = `
    delete from chain_accounts.signer_changes where created_at > (select max(requested_at) from chain_accounts.recoveries);
    update chain_accounts.signer_changes set state = 'held', ended_at = null;`
  const rowAt = async (found: string) =>
    (await world.app.sql(`select (${found})::text as at`))[0]?.['at'] as string | null

  /** Exchanges columns of the two rows, does what an attacker would, and puts them back. */
  async function exchanged(what: string, columns: readonly string[], act: () => Promise<void>): Promise<void> {
    const [by, find] = rowOf[what] ?? ['', () => '']
    const [first, second] = await Promise.all(both.map(async (who) => rowAt(find(who))))
    if (!first || !second) throw new Error(`there is no row of ${what}`)
    const swap = `
      do $$ declare first ${tableOf(what)}; second ${tableOf(what)}; kept ${tableOf(what)}; begin
        delete from ${tableOf(what)} where ${by}::text = '${first}' returning * into strict first;
        delete from ${tableOf(what)} where ${by}::text = '${second}' returning * into strict second;
        kept := first;
        ${columns.map((column) => `first.${column} := second.${column}; second.${column} := kept.${column};`).join(' ')}
        insert into ${tableOf(what)} select first.*;
        insert into ${tableOf(what)} select second.*;
      end $$`
    await asSuperuser(world, swap)
    try {
      await act()
    } finally {
      await asSuperuser(world, `${what === 'signer_changes' ? asTheyWaited : ''} ${swap}`)
    }
  }

  /** Whatever one of them can ask for, of their own and of the other’s: what they got of the other’s, or signed with it. */
  async function takes([mine, theirs]: readonly [Waiting, Waiting]): Promise<string[]> {
    const chain = chainOf(world)
    const taken: string[] = []
    const { person, phone, tablet } = mine
    const holds = (what: string, text: string, secrets: readonly string[]) => {
      if (secrets.some((secret) => text.includes(secret))) taken.push(what)
    }
    // Public keys in a list are told as the row has them: they are public, and nothing follows from them.
    const of = [theirs.accountId, theirs.address.toLowerCase(), theirs.address, nameOf(theirs)]
    const restored = `used_at = null, expires_at = 'infinity' where digest = sha256(${bytes(mine.challenge)})`
    await world.app.sql(`update chain_accounts.challenges set ${restored}`)
    const kept = await person.respond(mine.challenge, phone.sign(mine.challenge))
    holds('signs in as the other by what was asked before', kept.text, of)
    const begun = (await person.begin(phone.publicKey)).body as { challengeData?: string }
    const data = begun.challengeData ?? mine.challenge
    const signed = await person.respond(data, phone.sign(data))
    holds('signs in as the other', signed.text, of)
    const tokens = [
      ...(signed.status === 200 ? [signedIn(signed).credentials.accessToken] : []),
      mine.token,
      tablet.token,
    ]
    const renewed = await person.post('/auth/v1/refresh', { refreshToken: mine.renewal })
    if (renewed.status === 200) tokens.push(signedIn(renewed).credentials.accessToken)
    const calls = [theirs, mine].map(async ({ address, cloud }) => chain.describeChange(address, addition(cloud)))
    const [foreign, own] = await Promise.all(calls)
    for (const token of tokens) {
      const ask = asks(world, token)
      for (const path of [
        '/account/v1/me',
        '/device/v1/devices',
        '/key/v1/keys',
        '/sign/v1/changes',
        '/auth/v1/recover',
      ])
        holds(`GET ${path}`, (await ask('GET', path)).text, of)
      holds('GET 2fa', (await ask('GET', `/device/v1/2fa/${theirs.requestId}`)).text, ['status'])
      for (const [what, call, keys] of [
        ['a signature for the other', foreign, [phone]],
        ['a signature for what waits', own, [phone]],
      ] as const) {
        const sent = await ask('POST', '/sign/v1/evm/transaction', await signedBy(chain, call, keys))
        if (sent.status === 200) taken.push(what)
      }
      const approval = { publicKey: phone.publicKey, signature: phone.sign(approvalOf(mine.change)) }
      for (const { id } of [mine.change, theirs.change])
        if ((await ask('POST', `/sign/v1/changes/${id}/approve`, { approval })).status === 200)
          taken.push('an approval of its own')
    }
    const waits = asks(world, mine.requestToken)
    holds('its request', (await waits('GET', `/device/v1/2fa/${mine.requestId}`)).text, of)
    const finished = await waits('POST', '/auth/v1/signin/2fa/finish', { twoFactorAuthRequestId: mine.requestId })
    if (finished.status === 200) taken.push('is let in')
    return taken
  }
  const takesOf = async (): Promise<string[]> => {
    const [ann, bob] = both
    return [...(await takes([ann, bob])), ...(await takes([bob, ann]))]
  }

  it('before any exchange nobody gets what is another’s', async () => {
    expect(await takesOf()).toEqual([])
  })

  it.each<[string, readonly string[]]>([
    ['keys of devices', ['account_id', 'public_key', 'stamp', 'data']],
    ['keys of the server', ['account_id', 'public_key', 'envelope', 'stamp']],
    ['identities', ['lookup', 'account_id', 'stamp', 'profile']],
    ['addresses', ['account_id', 'address', 'plan', 'stamp']],
    ['two_factor_requests', ['account_id', 'source_key_id', 'asker', 'stamp']],
    ['signer_changes', ['account_id', 'digest', 'lock_id', 'asked_by']],
    ['recoveries', ['account_id']],
    ['token_families', ['account_id', 'key_id', 'app_id']],
    ['relayed', ['account_id', 'transaction_id']],
    ['challenges', ['account_id', 'key_id']],
  ])('no exchange of columns of %s gives anybody what is another’s, nor a signature', async (what, columns) => {
    for (const some of combine(columns)) {
      await exchanged(what, some, async () => expect([some, await takesOf()]).toEqual([some, []]))
    }
    expect((await asks(world, await tokenOf(both[0].person, both[0].phone))('GET', '/account/v1/me')).status).toBe(200)
  })

  it.each([
    [
      'a device that waits counts',
      `update chain_accounts.keys set state = 'active' where state = 'pending' and type = 'user-key'`,
    ],
    [
      'a request was approved',
      `update chain_accounts.two_factor_requests set state = 'approved' where state = 'pending'`,
    ],
    [
      'a change was approved',
      `update chain_accounts.signer_changes set state = 'approved', approved_by = (select id from chain_accounts.keys as k where k.account_id = signer_changes.account_id and k.id <> asked_by and k.type = 'user-key' limit 1), approval = sha256('a guess') where state = 'held'`,
    ],
    ['a hold is over', `update time_locks.locks set opens_at = armed_at`],
    ['an account does not stand yet', `update chain_accounts.accounts set state = 'pending'`],
    [
      'a change is another’s digest',
      `update chain_accounts.signer_changes as c set changes = o.changes from chain_accounts.signer_changes as o where o.account_id <> c.account_id`,
    ],
  ])('nor one who writes that %s', async (_, written) => {
    const tables = ['keys', 'two_factor_requests', 'signer_changes', 'accounts'].map((name) => `chain_accounts.${name}`)
    const all = [...tables, 'time_locks.locks']
    for (const table of all)
      await world.app.sql(`create table public.kept_${table.replace('.', '_')} as table ${table}`)
    const back = all.map(
      (table) => `
        delete from ${table} where true; insert into ${table} select * from public.kept_${table.replace('.', '_')};
        drop table public.kept_${table.replace('.', '_')}`,
    )
    try {
      await world.app.sql(written)
      expect(await takesOf()).toEqual([])
    } finally {
      await asSuperuser(world, back.join(';'))
    }
  })

  it('what another device is to sign for a request is what was asked, or it is told to nobody', async () => {
    const [ann, bob] = both
    const ask = asks(world, await tokenOf(ann.person, ann.phone))
    const row = `chain_accounts.two_factor_requests where id = '${ann.requestId}'`
    const path = `/device/v1/2fa/${ann.requestId}`
    expect((await ask('GET', path)).text).toContain(ann.address)
    await world.app.sql(`create table public.kept_message as select message from ${row}`)
    for (const written of [
      `(select message from chain_accounts.two_factor_requests where id = '${bob.requestId}')`,
      `replace(message, '"nonce"', '"Nonce"')`,
    ]) {
      await world.app.sql(
        `update chain_accounts.two_factor_requests set message = ${written} where id = '${ann.requestId}'`,
      )
      const told = await ask('GET', path)
      expect([told.status, told.text]).toEqual([500, expect.not.stringContaining('evm')])
      await world.app.sql(
        `update chain_accounts.two_factor_requests set message = (select message from public.kept_message) where id = '${ann.requestId}'`,
      )
    }
    expect((await ask('GET', path)).text).toContain(ann.address)
  })
})
