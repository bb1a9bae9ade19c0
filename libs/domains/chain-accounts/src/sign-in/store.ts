import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { keyRow, type KeyRow } from '../accounts/key-row.ts'
import { keyColumns } from '../accounts/keys-store.ts'
import { accountRow, type AccountRow } from '../accounts/store.ts'
import { ChainName } from '../shapes.ts'
import { ChallengeType } from './contract.ts'

export interface NewChallenge {
  readonly digest: Uint8Array
  readonly accountId: string
  readonly keyId: string
  readonly appId: string
  readonly type: ChallengeType
  readonly chainName: ChainName
}

/**
 * Answers when it ends. A crash may lose it, and the next one is asked for: nobody waits for the disk. The oldest of that key
 * makes room.
 */
export const issueChallenge = async (
  { relaxed }: Pick<Database, 'relaxed'>,
  { digest, accountId, keyId, appId, type, chainName }: NewChallenge,
  { lifetime, live }: { lifetime: number; live: number },
): Promise<Date> =>
  (
    await relaxed.one(
      z.object({ endsAt: column.instant }),
      sql`select chain_accounts.issue_challenge(${digest}, ${accountId}, ${keyId}, ${appId}, ${type}, ${chainName},
                                                ${lifetime}, ${live}) as "endsAt"`,
    )
  ).endsAt

const takenRow = keyRow.extend({
  toAccount: z.uuid(),
  toApp: z.uuid(),
  challengeType: ChallengeType,
  chainName: ChainName,
  expired: z.boolean(),
  now: column.instant,
  accountApp: z.uuid(),
  accountState: accountRow.shape.state,
  accountCreatedAt: column.instant,
  accountUpdatedAt: column.instant,
})

export interface TakenChallenge {
  /** The app that it was issued to. */
  readonly appId: string
  readonly type: ChallengeType
  readonly chainName: ChainName
  readonly expired: boolean
  /** By the database’s clock. */
  readonly now: Date
  readonly account: AccountRow
  readonly key: KeyRow
}

/** Uses it up, durably, before its answer is judged: of any number of answers one gets it. Whose it is comes with it. */
export async function takeChallenge(statements: Statements, digest: Uint8Array): Promise<TakenChallenge | undefined> {
  const row = await statements.maybe(
    takenRow,
    sql`with taken as (
          update chain_accounts.challenges set used_at = strongroom.now() where digest = ${digest} and used_at is null
          returning account_id, key_id, app_id, type, chain_name, expires_at <= strongroom.now() as expired
        )
        select t.account_id as "toAccount", t.app_id as "toApp", t.type as "challengeType", t.chain_name as "chainName",
               t.expired, strongroom.now() as now, a.app_id as "accountApp", a.state as "accountState",
               a.created_at as "accountCreatedAt", a.updated_at as "accountUpdatedAt", ${keyColumns}
          from taken as t join chain_accounts.accounts as a on a.id = t.account_id
          join chain_accounts.keys as k on k.id = t.key_id`,
  )
  if (!row) return undefined
  const { toAccount, toApp, challengeType, chainName, expired, now, ...rest } = row
  const { accountApp, accountState, accountCreatedAt, accountUpdatedAt, ...key } = rest
  const account = {
    id: toAccount,
    appId: accountApp,
    state: accountState,
    createdAt: accountCreatedAt,
    updatedAt: accountUpdatedAt,
  }
  return { appId: toApp, type: challengeType, chainName, expired, now, account, key }
}

/** Gives it back where an outage left its answer unjudged. */
export const returnChallenge = (statements: Statements, digest: Uint8Array): Promise<number> =>
  statements.run(sql`update chain_accounts.challenges set used_at = null where digest = ${digest}`)

export const purgeChallenges = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from chain_accounts.challenges where expires_at < strongroom.now() - interval '1 hour'`)
