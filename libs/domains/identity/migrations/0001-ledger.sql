create schema identity;

-- The embedded ledger: what TokenD keeps on its own. Keys are `G…`.
create table identity.ledger_accounts (
  account    text        primary key check (account ~ '^G[A-Z2-7]{55}$'),
  role       bigint      not null check (role between 0 and 9007199254740991),
  -- drawn anew with each change; what is stamped below is stamped for one version, so that a row of another counts no more
  version    uuid        not null,
  created_at timestamptz not null default strongroom.now()
);

create table identity.ledger_signers (
  account  text   not null references identity.ledger_accounts on delete cascade,
  key      text   not null,
  weight   int    not null check (weight between 0 and 1000),
  role     bigint not null check (role between 0 and 9007199254740991),
  -- signers of one identity count once
  identity bigint not null check (identity between 0 and 4294967295),
  details  text   not null,
  -- half of the HSM's MAC of all of the above and the account's version: a row that was written past us has none
  stamp    bytea  not null check (length(stamp) = 32),
  primary key (account, key)
);

-- A KYC recovery: a key is let in, asks for new signers, and an administrator approves them.
create table identity.ledger_recoveries (
  -- random: what reviews call the request
  id            bigint      primary key check (id between 1 and 9007199254740991),
  account       text        not null references identity.ledger_accounts on delete cascade,
  -- the key that was let in; none where an owner asks
  signer        text,
  state         text        not null check (state in ('begun', 'requested', 'rejected', 'approved', 'cancelled', 'refused')),
  -- XDR of TokenD's KYCRecoveryRequest
  request       bytea,
  reject_reason text,
  -- half of the HSM's MAC of the row, and of the account's version while it is open
  stamp         bytea       not null check (length(stamp) = 32),
  created_at    timestamptz not null default strongroom.now(),
  updated_at    timestamptz not null default strongroom.now(),
  ended_at      timestamptz check ((ended_at is null) = (state in ('begun', 'requested', 'rejected')))
);
create unique index one_recovery on identity.ledger_recoveries (account) where ended_at is null;
create index recoveries_by_account on identity.ledger_recoveries (account, created_at);
create index recoveries_by_age on identity.ledger_recoveries (created_at, id) where request is not null;

-- Transactions that were applied: each once, by its hash.
create table identity.ledger_transactions (
  hash       bytea       primary key check (length(hash) = 32),
  sequence   bigint      not null unique generated always as identity,
  source     text        not null,
  envelope   text        not null,
  result     text        not null,
  -- half of the HSM's MAC of the row
  stamp      bytea       not null check (length(stamp) = 32),
  created_at timestamptz not null default strongroom.now()
);
