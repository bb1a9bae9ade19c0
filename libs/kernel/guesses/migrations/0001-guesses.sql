create schema guesses;

-- What is left to guess with. A guess is spent when it is charged, before anything is compared.
create table guesses.budgets (
  kind          text        not null,
  subject       text        not null,
  -- raised when the secret changes: what was charged against the old one no longer counts
  epoch         int         not null default 1,
  -- number of the newest charge of this epoch
  charged       bigint      not null default 0,
  -- a success gave back every charge up to this number
  forgiven      bigint      not null default 0 check (forgiven <= charged),
  -- single charges above `forgiven` that an outage gave back
  refunded      bigint[]    not null default '{}',
  -- charges of this epoch that neither succeeded nor were given back: never forgotten, they lengthen the windows
  wrong         bigint      not null default 0 check (wrong >= 0),
  window_start  timestamptz,
  window_length interval,
  primary key (kind, subject),
  check ((window_start is null) = (window_length is null))
) with (fillfactor = 50);

-- A guess at something that does not exist is charged here in the same statement, so that its answers and its
-- commits are those of a wrong guess. Bounded: a new subject takes the slot of an older one. The slots are made
-- beforehand, because only a row that exists can be locked.
create table guesses.decoys (
  slot          int         primary key,
  subject       text        not null default '',
  charged       bigint      not null default 0,
  window_start  timestamptz not null default '-infinity',
  window_length interval    not null default '0',
  wrong         bigint      not null default 0
) with (fillfactor = 50);
insert into guesses.decoys (slot) select generate_series(0, 32767);

-- Which slot a subject takes is unknown outside: else one crafted id would empty the slot of another and tell that it is a decoy.
create table guesses.decoy_seed (
  singleton boolean primary key default true check (singleton),
  seed      uuid    not null default gen_random_uuid()
);
insert into guesses.decoy_seed default values;

create function guesses.decoy_slot(kind text, subject text) returns int
  language sql stable parallel safe
  return (select (get_byte(digest, 0) << 7) | (get_byte(digest, 1) >> 1)
            from (select sha256(convert_to(seed::text || kind || '/' || subject, 'UTF8')) as digest from guesses.decoy_seed) as hashed);
