create schema chains;

-- Who pays on a chain. The private key is in the envelope, and opens inside the token alone.
create table chains.relayers (
  id          uuid        primary key,
  chain       text        not null unique,
  address     bytea       not null check (length(address) = 20),
  envelope    bytea       not null,
  next_nonce  bigint      not null default 0 check (next_nonce >= 0),
  -- One process at a time sends in order. Nothing rests on it but the order: each step is safe beside itself.
  lease       uuid,
  lease_until timestamptz not null default '-infinity'
);

create table chains.transactions (
  id          uuid        primary key default gen_random_uuid(),
  chain       text        not null,
  app_id      text        not null,
  kind        text        not null check (kind in ('deployment', 'request')),
  -- what makes two the same: the salt of a plan, the message that signers signed
  digest      bytea       not null check (length(digest) = 32),
  account     bytea       not null check (length(account) = 20),
  target      bytea       not null check (length(target) = 20),
  calldata    bytea       not null,
  -- queued: no nonce; taken: a nonce, and soon signed bytes; sent: a node accepted them once
  state       text        not null default 'queued' check (state in ('queued', 'taken', 'sent', 'succeeded', 'failed', 'refused')),
  reason      text        check (reason in ('budget', 'rejected')),
  relayer_id  uuid        references chains.relayers,
  nonce       bigint,
  gas_limit   bigint,
  -- answers of a node that nobody understood, in a row
  odd_answers int         not null default 0,
  charged     numeric(78) not null default 0,
  charged_day date,
  final_hash  bytea,
  due_at      timestamptz not null default strongroom.now(),
  queued_at   timestamptz not null default strongroom.now(),
  ended_at    timestamptz,
  unique (chain, kind, digest),
  unique (relayer_id, nonce),
  check ((state = 'refused') = (reason is not null)),
  check (state not in ('taken', 'sent', 'succeeded', 'failed') or nonce is not null)
);
create index queued_transactions on chains.transactions (chain, due_at, queued_at) where state = 'queued';
create index live_transactions on chains.transactions (relayer_id, nonce) where state in ('taken', 'sent');

-- Each version of a transaction that was signed: the bytes that are sent, and sent again. A version may be of nothing, to fill
-- the nonce of a transaction that no node takes.
create table chains.sendings (
  hash           bytea       primary key check (length(hash) = 32),
  transaction_id uuid        not null references chains.transactions,
  relayer_id     uuid        not null references chains.relayers,
  nonce          bigint      not null,
  version        int         not null,
  nothing        boolean     not null default false,
  max_fee        numeric(78) not null,
  max_tip        numeric(78) not null,
  signed         bytea       not null,
  sent_at        timestamptz,
  unique (transaction_id, nonce, version)
);

create table chains.spending (
  chain  text        not null,
  app_id text        not null,
  day    date        not null,
  wei    numeric(78) not null check (wei >= 0),
  primary key (chain, app_id, day)
);
create index sendings_by_nonce on chains.sendings (relayer_id, nonce);
create index ended_transactions on chains.transactions (chain, ended_at) where nonce is not null;
create index transactions_by_account on chains.transactions (chain, account);
