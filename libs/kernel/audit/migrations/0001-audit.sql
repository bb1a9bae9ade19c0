create schema audit;

-- The runtime role may insert and read, nothing else. Holds ids and numbers: no secret, no address, no name.
create table audit.events (
  id      bigint generated always as identity primary key,
  at      timestamptz not null default strongroom.now(),
  event   text        not null check (event ~ '^[a-z-]+(\.[a-z-]+)+$'),
  subject text        not null check (length(subject) <= 200),
  detail  jsonb       not null default '{}'
);
