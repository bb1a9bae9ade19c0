-- Keys that sign for an account beside its owner: their seeds never leave but to sign.
create table identity.stored_signers (
  id         uuid        primary key,
  account    text        not null check (account ~ '^G[A-Z2-7]{55}$'),
  -- what the ledger knows it by
  key        text        not null unique check (key ~ '^G[A-Z2-7]{55}$'),
  -- signers of one identity count once
  identity   bigint      not null check (identity between 0 and 4294967295),
  -- a seed made and wrapped inside the token, bound to id and account
  envelope   bytea       not null,
  -- half of the HSM's MAC of the row: one that was written past us has none
  stamp      bytea       not null check (length(stamp) = 32),
  created_at timestamptz not null default strongroom.now()
);
create index stored_signers_by_account on identity.stored_signers (account, created_at);
