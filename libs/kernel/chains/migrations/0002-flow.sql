-- Keys that the payer on Flow proposes with: one transaction at a time each, so that none waits for another's number.
create table chains.flow_proposal_keys (
  chain           text   not null,
  key_index       int    not null,
  -- at least this, as of the last transaction whose end we know
  sequence_number bigint not null,
  -- the attempt whose end we do not know yet
  held_by         uuid   unique,
  primary key (chain, key_index)
);

create table chains.flow_transactions (
  id         uuid        primary key default gen_random_uuid(),
  chain      text        not null,
  kind       text        not null check (kind in ('deployment', 'request')),
  -- of the plan of an account, or of the message that was signed: the same one is one transaction
  digest     bytea       not null check (length(digest) = 32),
  app_id     text        not null,
  -- of a deployment: a list of texts in JSON-Cadence
  arguments  text,
  -- of a request: what account keys signed, and the list of their signatures
  message    bytea,
  signatures text,
  state      text        not null default 'queued' check (state in ('queued', 'succeeded', 'failed', 'refused')),
  reason     text        check (reason in ('budget', 'rejected')),
  -- of the newest attempt that was signed
  hash       text,
  -- of the account that a deployment made
  address    text,
  tries      int         not null default 0,
  queued_at  timestamptz not null default strongroom.now(),
  due_at     timestamptz not null default strongroom.now(),
  unique (chain, digest),
  check ((state = 'refused') = (reason is not null)),
  check ((kind = 'deployment') = (arguments is not null)),
  check ((kind = 'request') = (message is not null and signatures is not null))
);
create index flow_transactions_due on chains.flow_transactions (chain, due_at) where state = 'queued';

-- A transaction as it is signed and sent. Another one is made only when it is proven that this one never runs.
create table chains.flow_attempts (
  id                 uuid   primary key default gen_random_uuid(),
  transaction_id     uuid   not null references chains.flow_transactions,
  number             int    not null,
  proposer           text   not null,
  key_index          int    not null,
  sequence_number    bigint not null,
  reference_block    text   not null,
  reference_height   bigint not null,
  payload_signatures text   not null,
  -- kept before it is sent, and the same whenever it is sent again
  body               text,
  hash               text,
  outcome            text   check (outcome in ('succeeded', 'failed', 'expired')),
  unique (transaction_id, number),
  check ((body is null) = (hash is null)),
  check (outcome is null or body is not null)
);
create unique index flow_attempts_live on chains.flow_attempts (transaction_id) where outcome is null;

create table chains.flow_spending (
  chain        text not null,
  app_id       text not null,
  day          date not null,
  transactions int  not null,
  primary key (chain, app_id, day)
);
