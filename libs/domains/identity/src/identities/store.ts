import { appendEvent } from '@strongroom/audit'
import { randomUuid, type RandomSource } from '@strongroom/crypto'
import { type Keystore, Unopenable } from '@strongroom/hsm'
import { addJob } from '@strongroom/jobs'
import { column, type Database, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { deliverInvites } from '../jobs.ts'
import { directionOf, type PageOrder } from '../page-order.ts'
import { identityDeleted } from './events.ts'
import {
  type Contents,
  type IdentifierKind,
  identifierKinds,
  type IdentityState,
  isStamped,
  nameOf,
  type Names,
  sealIdentity,
  stampIdentity,
} from './names.ts'

const identityRow = z.object({
  id: z.uuid(),
  position: column.count,
  address: z.string(),
  status: z.enum(['active', 'unregistered']),
  walletId: z.uuid().nullable(),
  findable: z.boolean(),
  email: column.bytes.nullable(),
  phone: column.bytes.nullable(),
  telegram: column.bytes.nullable(),
  passport: column.bytes.nullable(),
  contents: column.bytes,
  version: z.int(),
  stamp: column.bytes,
  updatedAt: column.instant,
})
export type Identity = z.output<typeof identityRow>

export interface IdentityStoreDeps {
  readonly database: Database
  readonly hsm: Keystore
}

const columns = sql`
  i.id, i.position, i.address, i.status, i.wallet_id as "walletId", i.findable, i.email, i.phone, i.telegram, i.passport,
  i.contents, i.version, i.stamp, i.updated_at as "updatedAt"`

/** One thing by which identities are told apart. */
export type IdentityKey =
  | { readonly id: string }
  | { readonly address: string }
  | { readonly walletId: string }
  | { readonly kind: IdentifierKind; readonly name: Uint8Array }

function conditionOf(key: IdentityKey): Query {
  if ('id' in key) return sql`i.id = ${key.id}`
  if ('address' in key) return sql`i.address = ${key.address}`
  if ('walletId' in key) return sql`i.wallet_id = ${key.walletId}`
  switch (key.kind) {
    case 'email':
      return sql`i.email = ${key.name}`
    case 'phone':
      return sql`i.phone = ${key.name}`
    case 'telegram':
      return sql`i.telegram = ${key.name}`
    case 'passport':
      return sql`i.passport = ${key.name}`
  }
}

/** @throws Unopenable where the row was written past us. */
export async function findIdentity(deps: IdentityStoreDeps, key: IdentityKey): Promise<Identity | undefined> {
  const found = await deps.database.maybe(
    identityRow,
    sql`select ${columns} from identity.identities i where ${conditionOf(key)}`,
  )
  return found && genuine(deps.hsm, found)
}

async function genuine(hsm: Keystore, identity: Identity): Promise<Identity> {
  if (!(await isStamped(hsm, identity))) throw new Unopenable()
  return identity
}

export interface Listing {
  /** All of them. */
  readonly keys: readonly IdentityKey[]
  /** What nobody verified: left out before its stamp is asked for, so that nobody’s takes as long. */
  readonly hidden: 'left-out' | 'shown'
  readonly limit: number
  readonly offset: number
  readonly order: PageOrder
  /** Only those behind this position, in that order. */
  readonly after: number | undefined
}

/** By the time they were made. What is passed over is passed over in the index. */
export async function findIdentities(
  { database, hsm }: IdentityStoreDeps,
  { keys, hidden, limit, offset, order, after }: Listing,
): Promise<readonly Identity[]> {
  const direction = directionOf(order)
  const behind = order === 'asc' ? sql`i.position > ${after}` : sql`i.position < ${after}`
  const start = after === undefined ? sql`true` : behind
  const shown = hidden === 'shown' ? start : sql`${start} and i.findable`
  const wanted = keys.reduce((all, key) => sql`${all} and ${conditionOf(key)}`, shown)
  const found = await database.many(
    identityRow,
    sql`select ${columns} from identity.identities i
         where i.position in (select i.position from identity.identities i where ${wanted}
                               order by i.position ${direction} limit ${limit} offset ${offset})
         order by i.position ${direction}`,
  )
  return Promise.all(found.map((one) => genuine(hsm, one)))
}

/** In any order, each once. */
export async function findByAddresses(
  { database, hsm }: IdentityStoreDeps,
  addresses: readonly string[],
): Promise<readonly Identity[]> {
  const found = await database.many(
    identityRow,
    sql`select ${columns} from identity.identities i where i.address = any (${addresses}::text[])`,
  )
  return Promise.all(found.map((one) => genuine(hsm, one)))
}

export async function findByEmails(
  { database, hsm }: IdentityStoreDeps,
  names: readonly Uint8Array[],
): Promise<readonly Identity[]> {
  const found = await database.many(
    identityRow,
    sql`select ${columns} from identity.identities i
         where i.email = any (${names.map((one) => Buffer.from(one))}::bytea[])`,
  )
  return Promise.all(found.map((one) => genuine(hsm, one)))
}

export type StampedIdentity = IdentityState & { readonly stamp: Uint8Array }

export interface NewIdentity extends Pick<IdentityState, 'address' | 'status' | 'walletId' | 'findable'> {
  readonly contents: Contents
}

export async function prepareIdentity(
  { hsm, random }: { hsm: Keystore; random: RandomSource },
  { contents, ...identity }: NewIdentity,
): Promise<StampedIdentity> {
  const place = { id: randomUuid(random), address: identity.address }
  const names = await namesOf(hsm, contents)
  const sealed = await sealIdentity(hsm, place, contents)
  return stamped(hsm, { ...identity, ...place, ...names, contents: sealed, version: 1 })
}

export interface IdentityChange extends Partial<Pick<IdentityState, 'status' | 'walletId' | 'findable'>> {
  readonly contents?: Contents
}

/** What an identity becomes, stamped before the transaction that writes it. */
export async function prepareUpdate(
  hsm: Keystore,
  identity: Identity,
  { contents, ...change }: IdentityChange,
): Promise<StampedIdentity> {
  const said = contents && { ...(await namesOf(hsm, contents)), contents: await sealIdentity(hsm, identity, contents) }
  return stamped(hsm, { ...identity, ...change, ...said, version: identity.version + 1 })
}

const stamped = async (hsm: Keystore, state: IdentityState): Promise<StampedIdentity> => ({
  ...state,
  stamp: await stampIdentity(hsm, state),
})

async function namesOf(hsm: Keystore, contents: Contents): Promise<Names> {
  const pairs = identifierKinds.map(async (kind) => {
    const text = contents[kind]
    return [kind, text === undefined ? null : await nameOf(hsm, kind, text)] as const
  })
  return Object.fromEntries(await Promise.all(pairs)) as Names
}

/** Until the transaction ends: an address that a wallet is made with gets no account of nobody's meanwhile, and so on. */
export const holdName = (tx: Statements, name: Uint8Array): Promise<number> =>
  tx.run(sql`select pg_advisory_xact_lock(hashtextextended('identity.name/' || encode(${name}::bytea, 'hex'), 0))`)

/** False where another identity has the address or one of the names. Invites that waited for the address are delivered. */
export async function insertIdentity(tx: Statements, identity: StampedIdentity): Promise<boolean> {
  const { id, address, status, walletId, findable, email, phone, telegram, passport, contents, version, stamp } =
    identity
  if (email) await holdName(tx, email)
  const inserted = await tx.run(sql`
    insert into identity.identities
           (id, address, status, wallet_id, findable, email, phone, telegram, passport, contents, version, stamp)
    values (${id}, ${address}, ${status}, ${walletId}, ${findable}, ${email}, ${phone}, ${telegram}, ${passport}, ${contents},
            ${version}, ${stamp})
    on conflict do nothing`)
  if (inserted === 0) return false
  if (email) await queueInvites(tx, id)
  return true
}

/** @throws IdentityContended where somebody changed it since it was read. */
export async function updateIdentity(tx: Statements, identity: StampedIdentity): Promise<void> {
  const { id, status, walletId, findable, email, phone, telegram, passport, contents, version, stamp } = identity
  const updated = await tx.run(sql`
    update identity.identities
       set status = ${status}, wallet_id = ${walletId}, findable = ${findable}, email = ${email}, phone = ${phone},
           telegram = ${telegram}, passport = ${passport}, contents = ${contents}, version = ${version}, stamp = ${stamp},
           updated_at = strongroom.now()
     where id = ${id} and version = ${version - 1}`)
  if (updated === 0) throw new IdentityContended()
}

/** Somebody else was faster. */
export class IdentityContended extends Error {
  override readonly name = 'IdentityContended'
  readonly retryAfterSeconds = 1

  constructor() {
    super('the identity was changed by others meanwhile')
  }
}

/** Mails what the identity's address was invited to. */
export const queueInvites = (tx: Statements, identityId: string): Promise<number> =>
  tx.run(sql`select ${addJob(deliverInvites, { identityId })}`)

const found = z.object({ id: z.uuid() })

/** Which identity has that name, whatever else is said of it: whose row it is decides nothing. */
export const findHolder = async (
  statements: Statements,
  { kind, name }: { kind: IdentifierKind; name: Uint8Array },
): Promise<string | undefined> =>
  (
    await statements.maybe(
      found,
      sql`select i.id from identity.identities i where ${conditionOf({ kind, name })} limit 1`,
    )
  )?.id

/** False where somebody has come for it, or is about to. */
export const dropUnregistered = async (
  tx: Statements,
  { id, version }: Pick<Identity, 'id' | 'version'>,
  by: string,
): Promise<boolean> =>
  (await tx.run(sql`
    with gone as (
      delete from identity.identities i
       where i.id = ${id} and i.version = ${version} and i.status = 'unregistered'
         and not exists (select from identity.adoptions a where a.identity_id = i.id)
      returning address
    )
    ${appendEvent(identityDeleted, {
      subject: sql`address`,
      detail: sql`jsonb_build_object('key', ${by}::text)`,
      from: sql`gone`,
    })}`)) === 1
