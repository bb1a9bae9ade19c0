import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

const appRow = z.object({ id: z.uuid(), name: z.string() })
export type AppRow = z.output<typeof appRow>

/** The one app that there is, or `undefined` where there are several. */
export async function findOnlyApp(statements: Statements): Promise<AppRow | undefined> {
  const apps = await statements.many(appRow, sql`select id, name from chain_accounts.apps order by id limit 2`)
  return apps.length === 1 ? apps[0] : undefined
}

const secretRow = appRow.extend({ digest: column.bytes })

export const findSecret = (statements: Statements, id: string): Promise<z.output<typeof secretRow> | undefined> =>
  statements.maybe(
    secretRow,
    sql`select a.id, a.name, s.digest from chain_accounts.app_secrets as s
          join chain_accounts.apps as a on a.id = s.app_id
         where s.id = ${id} and s.good_until > strongroom.now()`,
  )

const listedApp = appRow.extend({ createdAt: column.instant, secrets: column.count })

/** Secrets: how many are good now. */
export const listApps = (statements: Statements): Promise<z.output<typeof listedApp>[]> =>
  statements.many(
    listedApp,
    sql`select a.id, a.name, a.created_at as "createdAt",
               (select count(*)::int from chain_accounts.app_secrets as s
                 where s.app_id = a.id and s.good_until > strongroom.now()) as secrets
          from chain_accounts.apps as a order by a.created_at, a.id`,
  )

/** False where another app has this name. */
export const insertApp = async (tx: Statements, { id, name }: AppRow): Promise<boolean> =>
  (await tx.run(sql`insert into chain_accounts.apps (id, name) values (${id}, ${name}) on conflict do nothing`)) === 1

export interface NewSecret {
  readonly id: string
  readonly appId: string
  readonly digest: Uint8Array
}

/** What was good before is good for so many hours more. False for an unknown app. */
export async function insertSecret(
  tx: Statements,
  { id, appId, digest }: NewSecret,
  graceHours: number,
): Promise<boolean> {
  const known = await tx.maybe(appRow, sql`select id, name from chain_accounts.apps where id = ${appId} for update`)
  if (!known) return false
  await tx.run(sql`
    update chain_accounts.app_secrets
       set good_until = least(good_until, strongroom.now() + make_interval(hours => ${graceHours})) where app_id = ${appId}`)
  await tx.run(sql`insert into chain_accounts.app_secrets (id, app_id, digest) values (${id}, ${appId}, ${digest})`)
  return true
}
