import { toHex } from '@strongroom/crypto'
import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindKeyData, bindProfile, bindServerKey } from './names.ts'

const row = z.object({ id: z.uuid(), accountId: z.uuid(), appId: z.uuid(), envelope: column.bytes })

/** What devices, passkeys and clouds are called. */
export const sealedKeyData: SealedColumn = {
  name: 'chain-accounts.key-data',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`chain_accounts.keys where data is not null`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      row,
      sql`select k.id, k.account_id as "accountId", a.app_id as "appId", k.data as envelope
            from chain_accounts.keys as k join chain_accounts.accounts as a on a.id = k.account_id
           where k.id > ${after}::uuid and k.data is not null order by k.id limit ${limit}`,
    )
    return rows.map(({ id, accountId, appId, envelope }) => ({
      id,
      envelope,
      binding: bindKeyData({ id: accountId, appId }, id),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(sql`update chain_accounts.keys set data = ${envelope} where id = ${id} and data = ${old}`)) ===
    1,
}

/** The private halves of the server's keys. */
export const sealedServerKeys: SealedColumn = {
  name: 'chain-accounts.server-keys',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`chain_accounts.keys where envelope is not null`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      row,
      sql`select k.id, k.account_id as "accountId", a.app_id as "appId", k.envelope
            from chain_accounts.keys as k join chain_accounts.accounts as a on a.id = k.account_id
           where k.id > ${after}::uuid and k.envelope is not null order by k.id limit ${limit}`,
    )
    return rows.map(({ id, accountId, appId, envelope }) => ({
      id,
      envelope,
      binding: bindServerKey({ id: accountId, appId }, id),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update chain_accounts.keys set envelope = ${envelope} where id = ${id} and envelope = ${old}`,
    )) === 1,
}

const profileRow = z.object({ lookup: column.bytes, accountId: z.uuid(), appId: z.uuid(), envelope: column.bytes })

/** Subjects and e-mail addresses of logins. */
export const sealedProfiles: SealedColumn = {
  name: 'chain-accounts.profiles',
  first: '00',
  rows: (statements) => countRows(statements, sql`chain_accounts.identities`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      profileRow,
      sql`select i.lookup, i.account_id as "accountId", a.app_id as "appId", i.profile as envelope
            from chain_accounts.identities as i join chain_accounts.accounts as a on a.id = i.account_id
           where i.lookup > decode(${after}, 'hex') order by i.lookup limit ${limit}`,
    )
    return rows.map(({ lookup, accountId, appId, envelope }) => ({
      id: toHex(lookup),
      envelope,
      binding: bindProfile({ id: accountId, appId }, lookup),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(sql`update chain_accounts.identities set profile = ${envelope}
                             where lookup = decode(${id}, 'hex') and profile = ${old}`)) === 1,
}
