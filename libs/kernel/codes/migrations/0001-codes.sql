create schema codes;

-- A code is a row before it is a number: the job that sends it draws it, and stores the HSM's MAC alone.
create table codes.codes (
  id           uuid        primary key default gen_random_uuid(),
  kind         text        not null,
  -- whom the code is for, opaque: also the subject of the budget of guesses at it
  subject      text        not null,
  -- what sends are limited by together: the key that several subjects belong to
  "group"      text        not null,
  purpose      text        not null,
  requested_at timestamptz not null default strongroom.now(),
  mac          bytea       check (length(mac) = 64),
  -- number of the newest guess at the subject when the code was drawn: the tries since then are the code's
  after_guess  bigint      not null default 0,
  expires_at   timestamptz,
  used_at      timestamptz,
  check ((mac is null) = (expires_at is null))
);
create index codes_by_subject on codes.codes (kind, subject, requested_at);
create index codes_by_group on codes.codes (kind, "group", requested_at);
create index codes_by_age on codes.codes (requested_at);
