import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
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

/** Answers when it ends. Those of one account queue up; the oldest of that key makes room, so that nobody holds the owner out. */
export async function insertChallenge(
  tx: Statements,
  challenge: NewChallenge,
  { lifetime, live }: { lifetime: number; live: number },
): Promise<Date> {
  const { accountId, keyId } = challenge
  await tx.run(sql`select from chain_accounts.accounts where id = ${accountId} for update`)
  await tx.run(sql`
    update chain_accounts.challenges set used_at = strongroom.now()
     where digest in (select digest from chain_accounts.challenges
                       where account_id = ${accountId} and key_id = ${keyId} and used_at is null and expires_at > strongroom.now()
                       order by issued_at desc, digest offset ${live - 1})`)
  const { endsAt } = await tx.one(
    z.object({ endsAt: column.instant }),
    sql`insert into chain_accounts.challenges (digest, account_id, key_id, app_id, type, chain_name, expires_at)
        values (${challenge.digest}, ${accountId}, ${challenge.keyId}, ${challenge.appId}, ${challenge.type},
                ${challenge.chainName}, strongroom.now() + make_interval(secs => ${lifetime}))
        returning expires_at as "endsAt"`,
  )
  return endsAt
}

const taken = z.object({
  accountId: z.uuid(),
  keyId: z.uuid(),
  appId: z.uuid(),
  type: ChallengeType,
  chainName: ChainName,
  expired: z.boolean(),
})
export type TakenChallenge = z.output<typeof taken>

/** Uses it up, durably, before its answer is judged: of any number of answers one gets it. */
export const takeChallenge = (statements: Statements, digest: Uint8Array): Promise<TakenChallenge | undefined> =>
  statements.maybe(
    taken,
    sql`update chain_accounts.challenges set used_at = strongroom.now() where digest = ${digest} and used_at is null
        returning account_id as "accountId", key_id as "keyId", app_id as "appId", type, chain_name as "chainName",
                  expires_at <= strongroom.now() as expired`,
  )

/** Gives it back where an outage left its answer unjudged. */
export const returnChallenge = (statements: Statements, digest: Uint8Array): Promise<number> =>
  statements.run(sql`update chain_accounts.challenges set used_at = null where digest = ${digest}`)

export const purgeChallenges = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from chain_accounts.challenges where expires_at < strongroom.now() - interval '1 hour'`)
