create schema keystore;

-- The keys that this app made on its token. A start refuses where the token lacks one of them or holds another.
create table keystore.keys (
  job         text        not null check (job in ('seal', 'wrap', 'mac', 'sign', 'recover')),
  use         text        not null,
  version     int         not null check (version > 0),
  label       text        not null unique,
  strategy    text        not null,
  check_value bytea       not null,
  at          timestamptz not null default now(),
  primary key (job, use, version)
);

-- Whom copies of keys are encrypted to, sealed by the app's own token: whoever can write here cannot put in a key of theirs.
create table keystore.recovery_key (
  singleton  boolean primary key default true check (singleton),
  public_key bytea   not null
);

-- A token PIN that was refused once, as a salted hash: never tried again, so that no crash loop locks the token.
create table keystore.refused_pins (
  token text primary key,
  entry text not null
);
