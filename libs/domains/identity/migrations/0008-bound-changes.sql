-- What the wallet was when the change was asked of it: of another it is made no more. No release has made one that lacks it.
delete from identity.changes;
alter table identity.changes
  add column from_lookup  bytea not null check (length(from_lookup) = 32),
  add column from_version int   not null;

-- Reading a session puts its end off, but not for ever.
alter table identity.sessions add column begun_at timestamptz not null default strongroom.now();

-- Of a wallet whose account the ledger has yet to make: those that fail each time go behind the others.
alter table identity.wallets add column tried_at timestamptz;
drop index identity.wallets_unfinished;
create index wallets_unfinished on identity.wallets (coalesce(tried_at, created_at)) where signers is not null;
