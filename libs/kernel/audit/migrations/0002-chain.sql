-- Which transaction wrote an event: ids are handed out before they commit, transaction ids bound what can still come.
alter table audit.events add column xid xid8 not null default pg_current_xact_id();
create index events_by_transaction on audit.events (xid, id);

-- One for each event, in the order of linking. No foreign key: a removal is to be found, and an insert must not touch the event.
create table audit.links (
  position bigint primary key check (position > 0),
  event_id bigint not null unique,
  hash     bytea  not null check (length(hash) = 32)
);

-- How far a finished sweep came: every event of a transaction before `settled` is linked, at positions up to this one.
-- Transaction ids count in one `cluster` alone; `at` is when the sweep began.
create table audit.marks (
  id       bigint      generated always as identity primary key,
  position bigint      not null,
  settled  xid8        not null,
  cluster  text        not null,
  at       timestamptz not null
);
create index marks_by_position on audit.marks (position);

-- What the token signed.
create table audit.heads (
  position  bigint      primary key check (position > 0),
  hash      bytea       not null check (length(hash) = 32),
  at        timestamptz not null,
  key       text        not null check (key ~ '^[0-9a-f]{64}$'),
  signature bytea       not null check (length(signature) = 64)
);

-- Up to where a sink that cannot be read has accepted heads.
create table audit.deliveries (
  sink     text        not null check (length(sink) <= 200),
  position bigint      not null,
  at       timestamptz not null default strongroom.now(),
  primary key (sink, position)
);
