import type { Keystore } from '@strongroom/hsm'
import type { Login } from '@strongroom/proofs'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import {
  type Contact,
  foldContact,
  nameContact,
  nameLogin,
  openValue,
  ownerOf,
  type Place,
  sealValue,
} from '../accounts/names.ts'
import { type Account, bindLogin, placeOf } from '../accounts/store.ts'
import { whichOf } from '../recovery/store.ts'

const rows = z.object({
  shares: z.array(z.object({ version: column.count, envelope: z.string() })),
  methods: z.array(
    z.object({
      id: column.count,
      type: z.string(),
      credentialId: z.string().nullable(),
      envelope: z.string().nullable(),
    }),
  ),
})

/** Where a record goes, and the login that takes it there: others must prove the DID anew. */
export interface Destination {
  readonly contact: Contact
  readonly login: Pick<Login, 'provider' | 'issuer' | 'subject'>
}

/** A record as it will be under another contact: everything sealed anew, nothing written. */
export interface Moved {
  readonly login: { readonly lookup: Uint8Array; readonly provider: string }
  readonly account: Account
  /** As it was read, sealed to where the record comes from. */
  readonly recoveryEmail: Uint8Array | null
  readonly shares: readonly { version: number; envelope: string }[]
  readonly methods: readonly { id: number; envelope: string }[]
}

/**
 * Opens what a record holds and seals it for another contact, outside any transaction. Nothing where it was moved since
 * it was read: what it holds now is sealed to another contact.
 */
export async function prepareMove(
  { database, hsm }: { database: Database; hsm: Keystore },
  account: Account,
  { contact, login }: Destination,
): Promise<Moved | undefined> {
  const lookup = await nameContact(hsm, contact)
  const from = placeOf(account)
  const to = { accountId: account.id, owner: ownerOf({ lookup, primaryDid: account.primaryDid }) }
  const held = await readRows(database.reading, account)
  if (!held) return undefined
  const { shares, methods } = held
  const reseal = resealer(hsm, from, to)
  const { value } = foldContact(contact)
  return {
    login: { lookup: await nameLogin(hsm, login, contact), provider: login.provider },
    account: {
      ...account,
      lookup,
      contactType: contact.type,
      contact: await sealValue(hsm, to, { purpose: 'contact', value }),
      recoveryEmail: account.recoveryEmail && (await reseal('recovery-email', '', account.recoveryEmail)),
    },
    recoveryEmail: account.recoveryEmail,
    shares: await Promise.all(
      shares.map(async ({ version, envelope }) => ({
        version,
        envelope: await asHex(reseal('auth-share', String(version), bytesOf(envelope))),
      })),
    ),
    methods: await Promise.all(
      methods.flatMap(({ id, type, credentialId, envelope }) => {
        if (envelope === null) return []
        const which = whichOf({ type, credentialId })
        return [asHex(reseal('recovery-share', which, bytesOf(envelope))).then((sealed) => ({ id, envelope: sealed }))]
      }),
    ),
  }
}

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex')
const asHex = async (sealed: Promise<Uint8Array>): Promise<string> => Buffer.from(await sealed).toString('hex')

const resealer =
  (hsm: Keystore, from: Place, to: Place) =>
  async (
    purpose: 'auth-share' | 'recovery-share' | 'recovery-email',
    which: string,
    envelope: Uint8Array,
  ): Promise<Uint8Array> =>
    sealValue(hsm, to, { purpose, which, value: await openValue(hsm, from, { purpose, which, envelope }) })

const readRows = (statements: Statements, { id, lookup }: Account) =>
  statements.maybe(
    rows,
    sql`select (select coalesce(json_agg(json_build_object('version', version, 'envelope', encode(envelope, 'hex'))), '[]')
                  from secret_shares.shares where account_id = a.id) as shares,
               (select coalesce(json_agg(json_build_object('id', id, 'type', type, 'credentialId', credential_id, 'envelope', encode(envelope, 'hex'))), '[]')
                  from secret_shares.recovery_methods where account_id = a.id) as methods
          from secret_shares.accounts as a where a.id = ${id} and a.lookup = ${lookup}`,
  )

/**
 * Whether a record that the caller holds has nothing that `prepareMove` did not see: what was added or restored since
 * would stay sealed to a contact that the record no longer has, and never open.
 */
export async function isAsRead(tx: Statements, { account, recoveryEmail, shares, methods }: Moved): Promise<boolean> {
  const { unseen } = await tx.one(
    z.object({ unseen: z.boolean() }),
    sql`select exists (select from secret_shares.shares
                        where account_id = ${account.id} and version <> all (${shares.map(({ version }) => version)}::int[]))
            or exists (select from secret_shares.recovery_methods
                        where account_id = ${account.id} and envelope is not null
                          and id <> all (${methods.map(({ id }) => id)}::bigint[]))
            or exists (select from secret_shares.accounts
                        where id = ${account.id} and recovery_email is distinct from ${recoveryEmail}) as unseen`,
  )
  return !unseen
}

/** Writes the record under its other contact. The caller holds the row, and has made sure that nobody has that contact. */
export async function applyMove(tx: Statements, { login, account, shares, methods }: Moved): Promise<void> {
  await tx.run(sql`
    update secret_shares.accounts
       set lookup = ${account.lookup}, contact_type = ${account.contactType}, contact = ${account.contact},
           recovery_email = ${account.recoveryEmail}
     where id = ${account.id}`)
  await tx.run(sql`
    update secret_shares.shares as s set envelope = decode(n.envelope, 'hex')
      from json_to_recordset(${JSON.stringify(shares)}::json) as n (version int, envelope text)
     where s.account_id = ${account.id} and s.version = n.version`)
  await tx.run(sql`
    update secret_shares.recovery_methods as m set envelope = decode(n.envelope, 'hex')
      from json_to_recordset(${JSON.stringify(methods)}::json) as n (id bigint, envelope text)
     where m.account_id = ${account.id} and m.id = n.id`)
  await tx.run(sql`delete from secret_shares.logins where account_id = ${account.id}`)
  await bindLogin(tx, { accountId: account.id, login: login.lookup, provider: login.provider })
  // Sealed to the earlier contact, and a code for it may still be on its way: asked for again if it is wanted.
  await tx.run(sql`delete from secret_shares.pending_emails where account_id = ${account.id}`)
}

/** Whether a record has the contact; holds that answer to the end of the transaction. */
export async function isTaken(tx: Statements, { lookup }: Pick<Account, 'lookup'>): Promise<boolean> {
  const row = await tx.maybe(
    z.object({ id: z.uuid() }),
    sql`select id from secret_shares.accounts where lookup = ${lookup} for update`,
  )
  return row !== undefined
}
