import { equalBytes } from '@strongroom/crypto'
import { type Binding, type Keystore, Unopenable } from '@strongroom/hsm'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { stampOf } from '../wallets/names.ts'
import { signerOfSeed } from './seed.ts'

const storedRow = z.object({
  id: z.uuid(),
  account: z.string(),
  key: z.string(),
  identity: column.count,
  envelope: column.bytes,
  stamp: column.bytes,
})
export type StoredSigner = z.output<typeof storedRow>

type Place = Pick<StoredSigner, 'id' | 'account'>

export const bindSeed = ({ id, account }: Place): Binding => ({
  table: 'identity.stored_signers',
  row: id,
  owner: account,
  purpose: 'seed',
})

const stampSigner = (hsm: Keystore, { id, account, key, identity }: Omit<StoredSigner, 'envelope' | 'stamp'>) =>
  stampOf(hsm, 'stored-signer', id, account, key, identity)

/** The seed is made inside the token, and opened once to learn its key. */
export async function makeSigner(hsm: Keystore, place: Place & { readonly identity: number }): Promise<StoredSigner> {
  const envelope = await hsm.issueKey(bindSeed(place))
  const seed = await hsm.openKey(envelope, bindSeed(place))
  try {
    const signer = { ...place, key: signerOfSeed(seed).key }
    return { ...signer, envelope, stamp: await stampSigner(hsm, signer) }
  } finally {
    seed.wipe()
  }
}

/** @throws Unopenable for a seed that belongs elsewhere. */
export async function signWith(hsm: Keystore, signer: StoredSigner, hash: Uint8Array): Promise<Uint8Array> {
  const seed = await hsm.openKey(signer.envelope, bindSeed(signer))
  try {
    const own = signerOfSeed(seed)
    if (own.key !== signer.key) throw new Unopenable()
    return own.sign(hash)
  } finally {
    seed.wipe()
  }
}

/** The oldest first. A row without its stamp is as if it were not there. */
export async function findSigners(
  { database, hsm }: { readonly database: Database; readonly hsm: Keystore },
  account: string,
): Promise<readonly StoredSigner[]> {
  const rows = await database.reading.many(
    storedRow,
    sql`select id, account, key, identity, envelope, stamp from identity.stored_signers
         where account = ${account} order by created_at, id`,
  )
  const genuine = await Promise.all(rows.map(async (row) => equalBytes(row.stamp, await stampSigner(hsm, row))))
  return rows.filter((_, index) => genuine[index])
}

export interface Room {
  readonly most: number
  /** Seconds. */
  readonly unusedKept: number
  /** Keys that sign for the account: they never make room. */
  readonly inUse: readonly string[]
}

/** False where the account has as many as it may have. */
export async function insertSigner(
  tx: Statements,
  { id, account, key, identity, envelope, stamp }: StoredSigner,
  { most, unusedKept, inUse }: Room,
): Promise<boolean> {
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('identity.stored-signers/' || ${account}::text, 0))`)
  await tx.run(sql`
    delete from identity.stored_signers where id in (
      select id from identity.stored_signers
       where account = ${account} and key <> all (${inUse}::text[])
         and created_at < strongroom.now() - make_interval(secs => ${unusedKept})
       order by created_at
       limit greatest(0, (select count(*) from identity.stored_signers where account = ${account}) - ${most} + 1))`)
  const inserted = await tx.run(sql`
    insert into identity.stored_signers (id, account, key, identity, envelope, stamp)
    select ${id}, ${account}, ${key}, ${identity}, ${envelope}, ${stamp}
     where (select count(*) from identity.stored_signers where account = ${account}) < ${most}`)
  return inserted === 1
}

/** The wallet that was made with an account. */
export const findWalletIdOf = async (statements: Statements, account: string): Promise<string | undefined> =>
  (
    await statements.maybe(
      z.object({ id: z.uuid() }),
      sql`select id from identity.wallets where account_id = ${account} and signers is null`,
    )
  )?.id
