import type { BenchDatabase } from './database.ts'

const tables = ['accounts', 'logins', 'shares', 'recovery_methods']

/**
 * Records like those of real wallets, with the very bytes of one of them for contact and share: to make tables large.
 * Leaves statistics, hint bits and a clean write-ahead log, so that one round does not pay for the one before.
 */
export async function fillWallets(database: BenchDatabase, rows: number): Promise<void> {
  await database.ask(`
    with wanted as materialized (
      select gen_random_uuid() as id, 'did:key:z6Mk' || md5(g::text) as did
        from generate_series(1, ${String(rows)}) as g
    ), pattern as materialized (
      select a.contact, s.envelope
        from secret_shares.accounts as a join secret_shares.shares as s on s.account_id = a.id limit 1
    ), accounts as (
      insert into secret_shares.accounts (id, lookup, contact_type, contact, primary_did, key_provider, security_level,
                                          share_version, last_version)
      select id, sha256(id::text::bytea), 'email', contact, did, 'sss', 'basic', 1, 1 from wanted, pattern
    ), logins as (
      insert into secret_shares.logins (account_id, lookup, provider)
      select id, sha256(reverse(id::text)::bytea), 'firebase' from wanted
    )
    insert into secret_shares.shares (account_id, version, envelope) select id, 1, envelope from wanted, pattern`)
  for (const table of tables) await database.ask(`vacuum (analyze) secret_shares.${table}`)
  await database.ask('checkpoint')
}
