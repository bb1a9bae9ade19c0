import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

export interface NewMaking {
  readonly digest: Uint8Array
  readonly appId: string
  /** `null`: of whoever was not signed in. */
  readonly accountId: string | null
}

/** Answers when it ends. @param lifetime seconds */
export async function insertMaking(
  statements: Statements,
  { digest, appId, accountId }: NewMaking,
  lifetime: number,
): Promise<Date> {
  const { endsAt } = await statements.one(
    z.object({ endsAt: column.instant }),
    sql`insert into chain_accounts.passkey_challenges (digest, app_id, account_id, expires_at)
        values (${digest}, ${appId}, ${accountId}, strongroom.now() + make_interval(secs => ${lifetime}))
        returning expires_at as "endsAt"`,
  )
  return endsAt
}

const taken = z.object({ appId: z.uuid(), accountId: z.uuid().nullable(), expired: z.boolean() })
export type TakenMaking = z.output<typeof taken>

/** Uses it up, durably, before what was made is judged: of any number of registrations one gets it. */
export const takeMaking = (statements: Statements, digest: Uint8Array): Promise<TakenMaking | undefined> =>
  statements.maybe(
    taken,
    sql`update chain_accounts.passkey_challenges set used_at = strongroom.now() where digest = ${digest} and used_at is null
        returning app_id as "appId", account_id as "accountId", expires_at <= strongroom.now() as expired`,
  )

export const purgeMakings = (statements: Statements): Promise<number> =>
  statements.run(
    sql`delete from chain_accounts.passkey_challenges where expires_at < strongroom.now() - interval '1 hour'`,
  )

/** Whether a passkey of the app has that credential id, and is not revoked. */
export const isCredentialTaken = async (
  statements: Statements,
  { appId, id }: { appId: string; id: Uint8Array },
): Promise<boolean> =>
  (await statements.maybe(
    z.object({ id: z.uuid() }),
    sql`select id from chain_accounts.keys
         where credential_app = ${appId} and credential_id = ${id} and state <> 'revoked'`,
  )) !== undefined
