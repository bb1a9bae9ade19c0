import { appendEvent } from '@strongroom/audit'
import { type RandomSource, sha256, toHex, toUtf8 } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { Policies } from '../policies.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { walletOpened } from '../wallets/events.ts'
import { openJson, sealJson } from '../wallets/names.ts'
import { newUlid } from './ulid.ts'

const Secret = z.object({ encryptionKey: z.string(), ip: z.string(), publicIp: z.boolean() })
const KEY_BYTES = 32

const digestOf = (sessionId: string): Uint8Array => sha256(toUtf8(sessionId))

const bindingOf = (digest: Uint8Array, walletId: string) => ({
  table: 'identity.sessions',
  row: toHex(digest),
  owner: walletId,
  purpose: 'session',
})

export interface NewSession {
  readonly id: string
  readonly encryptionKey: string
  readonly digest: Uint8Array
  readonly secret: Uint8Array
}

/** Where it was opened from: the original's `public_ip` says which address that is. */
export interface Origin {
  readonly ip: string
  readonly publicIp: boolean
}

/** Drawn and sealed before the statement that begins it. */
export async function prepareSession(
  { hsm, random, clock }: { hsm: Keystore; random: RandomSource; clock: () => Date },
  walletId: string,
  origin: Origin,
): Promise<NewSession> {
  const id = newUlid(clock(), random)
  const encryptionKey = toHex(random(KEY_BYTES))
  const digest = digestOf(id)
  const secret = await sealJson(hsm, bindingOf(digest, walletId), { encryptionKey, ...origin })
  return { id, encryptionKey, digest, secret }
}

const end = z.object({ expiresAt: column.instant })

/** Answers when it ends. `undefined`: the wallet was deleted or changed hands meanwhile. */
export const beginSession = async (
  statements: Statements,
  { walletId, lookup, lifetime }: { walletId: string; lookup: Uint8Array; lifetime: number },
  { digest, secret }: NewSession,
): Promise<Date | undefined> => {
  const begun = await statements.maybe(
    end,
    sql`
      with begun as (
        insert into identity.sessions (digest, wallet_id, secret, expires_at)
        select ${digest}, id, ${secret}, strongroom.now() + make_interval(secs => ${lifetime})
          from identity.wallets where id = ${walletId} and lookup = ${lookup} for key share
        returning wallet_id, expires_at
      ), told as (
        ${appendEvent(walletOpened, { subject: sql`wallet_id`, detail: sql`'{}'::jsonb`, from: sql`begun` })}
      )
      select expires_at as "expiresAt" from begun`,
  )
  return begun?.expiresAt
}

/** Another session of a wallet as it is. `undefined`: it was deleted or changed hands meanwhile. */
export async function openSession(
  deps: Pick<IdentityDeps, 'database' | 'hsm' | 'random' | 'clock' | 'policies'>,
  { id: walletId, lookup }: { readonly id: string; readonly lookup: Uint8Array },
  origin: Origin,
): Promise<(NewSession & { readonly expiresAt: Date }) | undefined> {
  const session = await prepareSession(deps, walletId, origin)
  const lifetime = deps.policies.sessionLifetime
  const expiresAt = await beginSession(deps.database, { walletId, lookup, lifetime }, session)
  return expiresAt && { ...session, expiresAt }
}

/** Whoever opened the wallet by what is no more has to open it again. */
export const endSessions = (tx: Statements, walletId: string): Promise<number> =>
  tx.run(sql`delete from identity.sessions where wallet_id = ${walletId}`)

const sessionRow = z.object({ walletId: z.uuid(), secret: column.bytes, expiresAt: column.instant })

/** Puts its end off, as far as it may last at all. A crash may lose that, and the session ends as it would have. */
export async function extendSession(
  { database, hsm }: { database: { readonly relaxed: Statements }; hsm: Keystore },
  sessionId: string,
  { sessionLifetime, longestSession }: Pick<Policies, 'sessionLifetime' | 'longestSession'>,
): Promise<{ expiresAt: Date; encryptionKey: string } | undefined> {
  const digest = digestOf(sessionId)
  const found = await database.relaxed.maybe(
    sessionRow,
    sql`update identity.sessions
           set expires_at = least(strongroom.now() + make_interval(secs => ${sessionLifetime}),
                                  begun_at + make_interval(secs => ${longestSession}))
         where digest = ${digest} and expires_at > strongroom.now()
           and begun_at > strongroom.now() - make_interval(secs => ${longestSession})
        returning wallet_id as "walletId", secret, expires_at as "expiresAt"`,
  )
  if (!found) return undefined
  const { encryptionKey } = Secret.parse(await openJson(hsm, bindingOf(digest, found.walletId), found.secret))
  return { expiresAt: found.expiresAt, encryptionKey }
}

export const purgeSessions = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from identity.sessions where expires_at <= strongroom.now()`)
