import type { TestApp } from '@strongroom/test-world'

const kinds = {
  'a wallet that the ledger has yet to make': `select id from identity.wallets where signers is not null`,
  'a change that the ledger was asked for': `select id from identity.changes where kind <> 'address'`,
  'a wallet without its account': `
    select id from identity.wallets as w where not exists (select from identity.ledger_accounts as a where a.account = w.account_id)`,
  'an account without its wallet': `
    select account from identity.ledger_accounts as a where not exists (select from identity.wallets as w where a.account = w.account_id)`,
  'an account without signers': `
    select account from identity.ledger_accounts as a where not exists (select from identity.ledger_signers as s where a.account = s.account)`,
  'a wallet without a password': `
    select id from identity.wallets as w where not exists (select from identity.factors as f where f.wallet_id = w.id and f.type = 'password')`,
  'a wallet without its names': `
    select id from identity.wallets as w
     where 2 <> (select count(*) from identity.names as n where n.wallet_id = w.id and n.name in (w.lookup, w.contact))`,
  'a name that nobody has': `
    select n.name from identity.names as n
     where not exists (select from identity.wallets as w where w.id = n.wallet_id and n.name in (w.lookup, w.contact))
       and not exists (select from identity.changes as c where c.wallet_id = n.wallet_id and n.name in (c.lookup, c.contact))
       and not exists (select from identity.holds as h where h.wallet_id = n.wallet_id and n.name in (h.lookup, h.contact))`,
  'a wallet without its event': `
    select id from identity.wallets as w
     where not exists (select from audit.events where event = 'identity.wallet-created' and subject = w.id::text)`,
  'a wallet without its identity': `
    select id from identity.wallets as w where not exists (select from identity.identities as i where i.wallet_id = w.id)`,
  'a message that nobody will send': `
    select id from identity.messages as m
     where sent_at is null and failed_at is null
       and not exists (select from graphile_worker._private_jobs where payload ->> 'messageId' = m.id::text)`,
  'a wallet whose address nobody was asked to verify': `
    select id from identity.wallets as w where not exists (select from identity.messages as m where m.wallet_id = w.id)`,
}

/** What a process that dies must not leave behind: halves of what belongs together. */
export async function findIdentityOrphans({ sql }: Pick<TestApp, 'sql'>): Promise<string[]> {
  const queries = Object.entries(kinds).map(([kind, query]) => `select '${kind}' as orphan from (${query}) as found`)
  const found = await sql(queries.join(' union all '))
  return found.map(({ orphan }) => String(orphan))
}
