create schema keystore;

-- The keys that this app made on its token. A start refuses where the token lacks one of them or holds another.
create table keystore.keys (
  job         text        not null check (job in ('seal', 'wrap', 'mac', 'sign')),
  use         text        not null,
  version     int         not null check (version > 0),
  label       text        not null unique,
  strategy    text        not null,
  check_value bytea       not null,
  at          timestamptz not null default now(),
  primary key (job, use, version)
);

-- A token PIN that was refused once, as a salted hash: never tried again, so that no crash loop locks the token.
create table keystore.refused_pin (
  singleton boolean primary key default true check (singleton),
  entry     text    not null
);
