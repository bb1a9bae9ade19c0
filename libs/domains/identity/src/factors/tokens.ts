import { appendEvent } from '@strongroom/audit'
import { equalBytes, sha256, toHex, toUtf8 } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { factorDemanded, factorsUsed, factorVerified } from '../wallets/events.ts'
import { openJson, sealJson, stampOf } from '../wallets/names.ts'
import { type Factor, factorTypes } from '../wallets/store.ts'
import type { RequestFacts } from './step-up.ts'

export const digestOf = (token: string): Uint8Array => sha256(toUtf8(token))

/**
 * A request and where it came from. By the token's MAC: its target holds a wallet's id, which a password gives, and a plain
 * digest would let passwords be tried on a dump.
 */
export const nameRequest = (
  hsm: Keystore,
  { method, target, body, ip, userAgent }: RequestFacts,
): Promise<Uint8Array> => stampOf(hsm, 'request', method, target, sha256(body), ip, userAgent)

/** What a demand is for. */
export interface TokenPlace {
  readonly id: string
  readonly walletId: string
  /** Of the factor. */
  readonly ref: string
  readonly request: Uint8Array
}

/** By all of it: a demand that was moved to another's factor by SQL would have that one's codes sent here. */
const addressBinding = ({ id, walletId, ref, request }: TokenPlace) => ({
  table: 'identity.factor_tokens',
  row: id,
  owner: `${walletId}/${ref}/${toHex(request)}`,
  purpose: 'address',
})

const Delivery = z.object({ to: z.string(), about: z.string().optional() })

/** Where a code goes, and what it is for, where that is said. */
export type Delivery = z.output<typeof Delivery>

export const sealDelivery = (hsm: Keystore, place: TokenPlace, delivery: Delivery): Promise<Uint8Array> =>
  sealJson(hsm, addressBinding(place), delivery)

export const openDelivery = async (hsm: Keystore, place: TokenPlace, address: Uint8Array): Promise<Delivery> =>
  Delivery.parse(await openJson(hsm, addressBinding(place), address))

interface Verification extends TokenPlace {
  readonly verifiedAt: Date
  readonly expiresAt: Date
}

/**
 * What makes a verification: a row that was marked by SQL has none. By the factor's own name, which is in the wallet's stamp:
 * numbers can be exchanged, and a password would count as TOTP. By its times: a row that was kept would be good again.
 */
function proofOf(hsm: Keystore, verification: Verification): Promise<Uint8Array> {
  const { id, walletId, ref, request, verifiedAt, expiresAt } = verification
  return stampOf(hsm, 'factor-verified', id, walletId, ref, toHex(request), verifiedAt.getTime(), expiresAt.getTime())
}

export interface NewToken {
  readonly id: string
  readonly digest: Uint8Array
  readonly walletId: string
  readonly factor: Factor
  /** What the caller called the wallet. */
  readonly name: Uint8Array
  readonly request: Uint8Array
  readonly address?: Uint8Array
  readonly lifetime: number
}

/** False where the factor, or its wallet, is there no more. */
export const insertToken = async (tx: Statements, token: NewToken): Promise<boolean> =>
  (await tx.run(sql`
    with known as (
      select w.id as wallet_id, f.id as factor_id
        from identity.wallets w join identity.factors f on f.wallet_id = w.id
       where w.id = ${token.walletId} and f.id = ${token.factor.id} for key share
    ), demanded as (
      insert into identity.factor_tokens (id, digest, wallet_id, factor_id, name, request, address, expires_at)
      select ${token.id}::uuid, ${token.digest}::bytea, wallet_id, factor_id, ${token.name}::bytea, ${token.request}::bytea,
             ${token.address ?? null}::bytea,
             strongroom.now() + make_interval(secs => ${token.lifetime})
        from known
      returning wallet_id, factor_id
    )
    ${appendEvent(factorDemanded, {
      subject: sql`wallet_id`,
      detail: sql`jsonb_build_object('factor', factor_id, 'type', ${token.factor.type}::text)`,
      from: sql`demanded`,
    })}`)) === 1

const tokenRow = z.object({
  id: z.uuid(),
  walletId: z.uuid(),
  lookup: column.bytes,
  accountId: z.string(),
  factorId: z.int(),
  ref: z.uuid(),
  type: z.enum(factorTypes),
  name: column.bytes,
  request: column.bytes,
  secret: column.bytes.nullable(),
  lastStep: z.int(),
  expiresAt: column.instant,
  /** When it was looked for. */
  now: column.instant,
})
export type Token = z.output<typeof tokenRow>

/** One that waits for its answer. */
export const findToken = (statements: Statements, digest: Uint8Array): Promise<Token | undefined> =>
  statements.maybe(
    tokenRow,
    sql`
      select t.id, t.wallet_id as "walletId", w.lookup, w.account_id as "accountId", t.factor_id as "factorId", f.ref, f.type,
             t.name, t.request, f.secret, f.last_step as "lastStep", t.expires_at as "expiresAt", strongroom.now() as now
        from identity.factor_tokens t
        join identity.factors f on f.id = t.factor_id and f.wallet_id = t.wallet_id
        join identity.wallets w on w.id = t.wallet_id
       where t.digest = ${digest} and t.proof is null and t.expires_at > strongroom.now()`,
  )

/** False where another answer came first. */
export async function markVerified(
  { hsm, statements }: { hsm: Keystore; statements: Statements },
  token: Token,
): Promise<boolean> {
  const { now: verifiedAt } = token
  const proof = await proofOf(hsm, { ...token, verifiedAt })
  const marked = await statements.run(sql`
    with verified as (
      update identity.factor_tokens set proof = ${proof}, verified_at = ${verifiedAt}
       where id = ${token.id} and proof is null and expires_at > strongroom.now()
      returning wallet_id, factor_id
    )
    ${appendEvent(factorVerified, {
      subject: sql`wallet_id`,
      detail: sql`jsonb_build_object('factor', factor_id, 'type', ${token.type}::text)`,
      from: sql`verified`,
    })}`)
  return marked === 1
}

const verifiedRow = z.object({
  id: z.uuid(),
  walletId: z.uuid(),
  factorId: z.int(),
  ref: z.uuid(),
  request: column.bytes,
  proof: column.bytes,
  verifiedAt: column.instant,
  expiresAt: column.instant,
  recent: z.boolean(),
})

/** Which of a wallet's factors are verified for a request: of each the newest that the token vouches for. */
export async function findVerified(
  { hsm, statements }: { hsm: Keystore; statements: Statements },
  { walletId, request, window }: { walletId: string; request: Uint8Array; window: number },
): Promise<ReadonlyMap<number, { id: string; recent: boolean }>> {
  const rows = await statements.many(
    verifiedRow,
    sql`
      select t.id, t.wallet_id as "walletId", t.factor_id as "factorId", f.ref, t.request, t.proof,
             t.verified_at as "verifiedAt", t.expires_at as "expiresAt",
             t.verified_at > strongroom.now() - make_interval(secs => ${window}) as recent
        from identity.factor_tokens t join identity.factors f on f.id = t.factor_id
       where t.wallet_id = ${walletId} and t.request = ${request} and t.proof is not null and t.expires_at > strongroom.now()
       order by t.verified_at desc limit 20`,
  )
  const found = new Map<number, { id: string; recent: boolean }>()
  for (const row of rows) {
    if (found.has(row.factorId) || !equalBytes(row.proof, await proofOf(hsm, row))) continue
    found.set(row.factorId, row)
  }
  return found
}

/** Uses them all up, or none: of any number of requests one gets them. */
export async function useVerified(tx: Statements, walletId: string, tokenIds: readonly string[]): Promise<boolean> {
  const used = await tx.run(sql`
    with locked as (
      select id, factor_id from identity.factor_tokens where id = any (${tokenIds}::uuid[]) order by id for update
    ), used as (
      delete from identity.factor_tokens where id in (select id from locked)
        and (select count(*) from locked) = ${tokenIds.length}
      returning factor_id
    )
    ${appendEvent(factorsUsed, {
      subject: walletId,
      detail: sql`jsonb_build_object('factors', factors)`,
      from: sql`(select jsonb_agg(factor_id) as factors from used having count(*) = ${tokenIds.length}) as all_used`,
    })}`)
  return used === 1
}

export const purgeTokens = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from identity.factor_tokens where expires_at <= strongroom.now()`)
