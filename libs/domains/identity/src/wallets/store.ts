import { equalBytes } from '@strongroom/crypto'
import { type Keystore, Unopenable } from '@strongroom/hsm'
import { Refusal } from '@strongroom/http'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { ownerOf, stampOf } from './names.ts'

export const factorTypes = ['password', 'totp', 'email', 'phone', 'telegram'] as const
export type FactorType = (typeof factorTypes)[number]

const factorRow = z.object({
  id: z.int(),
  ref: z.uuid(),
  type: z.enum(factorTypes),
  priority: z.int(),
})
export type Factor = z.output<typeof factorRow>

const walletRow = z.object({
  id: z.uuid(),
  lookup: column.bytes,
  contact: column.bytes,
  accountId: z.string(),
  referrer: z.string().nullable(),
  kdfVersion: z.int(),
  salt: column.bytes,
  contents: column.bytes,
  verified: z.boolean(),
  version: z.int(),
  stamp: column.bytes,
  mailSentAt: column.instant.nullable(),
  factors: z.array(factorRow),
})
export type Wallet = z.output<typeof walletRow>

const columns = sql`
  w.id, w.lookup, w.contact, w.account_id as "accountId", w.referrer, w.kdf_version as "kdfVersion", w.salt, w.contents,
  w.verified, w.version, w.stamp, w.mail_sent_at as "mailSentAt",
  (select coalesce(json_agg(json_build_object('id', f.id, 'ref', f.ref, 'type', f.type, 'priority', f.priority)
                            order by f.priority desc, f.id), '[]')
     from identity.factors f where f.wallet_id = w.id) as factors`

export interface WalletStoreDeps {
  readonly database: Database
  readonly hsm: Keystore
}

/** The wallet of that lookup whose account the ledger has made. @throws Unopenable where its row was written past us. */
export const findWallet = async ({ database, hsm }: WalletStoreDeps, lookup: Uint8Array): Promise<Wallet | undefined> =>
  genuine(
    hsm,
    await database.reading.maybe(
      walletRow,
      sql`select ${columns} from identity.wallets w where w.lookup = ${lookup} and w.signers is null`,
    ),
  )

export const findWalletByContact = async (
  { database, hsm }: WalletStoreDeps,
  contact: Uint8Array,
): Promise<Wallet | undefined> =>
  genuine(
    hsm,
    await database.reading.maybe(
      walletRow,
      sql`select ${columns} from identity.wallets w where w.contact = ${contact} and w.signers is null`,
    ),
  )

export const findWalletById = async ({ database, hsm }: WalletStoreDeps, id: string): Promise<Wallet | undefined> =>
  genuine(
    hsm,
    await database.reading.maybe(walletRow, sql`select ${columns} from identity.wallets w where w.id = ${id}`),
  )

async function genuine(hsm: Keystore, wallet: Wallet | undefined): Promise<Wallet | undefined> {
  if (!wallet) return undefined
  if (!equalBytes(wallet.stamp, await stampWallet(hsm, wallet))) throw new Unopenable()
  return wallet
}

/** What decides how a wallet opens: nobody switches a factor off, or an address to verified, by a table alone. */
export type WalletState = Pick<Wallet, 'id' | 'lookup' | 'contact' | 'accountId' | 'verified' | 'version'> & {
  readonly factors: readonly Pick<Factor, 'ref' | 'type' | 'priority'>[]
}

export function stampWallet(hsm: Keystore, wallet: WalletState): Promise<Uint8Array> {
  const factors = wallet.factors.map(({ type, ref, priority }) => `${type}/${ref}/${String(priority)}`).toSorted()
  const { id, verified, version } = wallet
  return stampOf(hsm, 'wallet', id, ownerOf(wallet), version, verified ? 'verified' : 'unverified', ...factors)
}

/** What a wallet becomes, and the rest of the transaction in which it does. */
export interface NextState<Done> {
  readonly next: Partial<Pick<WalletState, 'lookup' | 'contact' | 'verified' | 'factors'>>
  /** Runs while the wallet's row is held. */
  readonly work: (tx: Statements) => Promise<Done>
}

const TRIES = 5
const overtaken = Symbol('overtaken')

/**
 * Changes what is stamped. The stamp is made before the transaction, for the version that was read: whoever changed it
 * meanwhile has it read and decided anew.
 */
export async function changeState<Done, No extends Refusal>(
  deps: WalletStoreDeps,
  find: () => Promise<Wallet | undefined>,
  decide: (wallet: Wallet | undefined) => Promise<NextState<Done> | No>,
): Promise<Done | No> {
  for (let tried = 0; tried < TRIES; tried++) {
    const wallet = await find()
    const decided = await decide(wallet)
    if (decided instanceof Refusal) return decided
    if (!wallet) throw new Error('a wallet that is not there was to be changed')
    const next = { ...wallet, ...decided.next, version: wallet.version + 1 }
    const stamp = await stampWallet(deps.hsm, next)
    const done = await deps.database.transaction(async (tx) => {
      const held = await tx.run(sql`
        update identity.wallets
           set version = ${next.version}, verified = ${next.verified}, stamp = ${stamp}, lookup = ${next.lookup}, contact = ${next.contact}
         where id = ${wallet.id} and version = ${wallet.version}`)
      return held === 1 ? decided.work(tx) : overtaken
    })
    if (done !== overtaken) return done
  }
  throw new WalletContended()
}

/** Too many changed the same wallet at once. */
export class WalletContended extends Error {
  override readonly name = 'WalletContended'
  readonly retryAfterSeconds = 1

  constructor() {
    super('the wallet was changed by others each time')
  }
}

/** False where another wallet has one of them. */
export async function takeNames(
  tx: Statements,
  walletId: string,
  { lookup, contact }: { lookup: Uint8Array; contact: Uint8Array },
): Promise<boolean> {
  const taken = await tx.run(sql`
    insert into identity.names (kind, name, wallet_id)
    values ('wallet', ${lookup}, ${walletId}::uuid), ('contact', ${contact}, ${walletId}::uuid)
    on conflict (kind, name) do update set wallet_id = excluded.wallet_id
      where identity.names.wallet_id = excluded.wallet_id`)
  return taken === 2
}

/** Whether a wallet has that address, will have it, or had it and may have it again. */
export const isContactTaken = async (tx: Statements, contact: Uint8Array): Promise<boolean> =>
  (await tx.maybe(
    z.object({ walletId: z.uuid() }),
    sql`select wallet_id as "walletId" from identity.names where kind = 'contact' and name = ${contact}`,
  )) !== undefined

/** Frees what the wallet, its changes and its holds have no use for any more. */
export const freeNames = (tx: Statements, walletId: string): Promise<number> =>
  tx.run(sql`
    delete from identity.names n where n.wallet_id = ${walletId} and not exists (
      select from (
        select lookup, contact from identity.wallets where id = ${walletId}
        union all select lookup, contact from identity.changes where wallet_id = ${walletId}
        union all select lookup, contact from identity.holds where wallet_id = ${walletId}) as used
       where n.name = case n.kind when 'wallet' then used.lookup else used.contact end)`)

/** The factor that belongs to every wallet. */
export function passwordOf(wallet: Wallet): Factor {
  const factor = wallet.factors.find(({ type }) => type === 'password')
  if (!factor) throw new Unopenable()
  return factor
}

export const findFactorSecret = (
  statements: Statements,
  ref: string,
): Promise<{ secret: Uint8Array | null; lastStep: number } | undefined> =>
  statements.maybe(
    z.object({ secret: column.bytes.nullable(), lastStep: z.int() }),
    sql`select secret, last_step as "lastStep" from identity.factors where ref = ${ref}`,
  )
