-- People who may reset a forgotten PIN, each by one e-mail address or phone number.
create table pin_keys.users (
  id          uuid        primary key,
  key_id      uuid        not null,
  -- half of the HSM's MAC of the key's id and the address: finds the row, links nobody across keys
  lookup      bytea       not null check (length(lookup) = 32),
  channel     text        not null check (channel in ('email', 'sms')),
  -- the address as it was typed, sealed to this row
  contact     bytea       not null,
  created_at  timestamptz not null default strongroom.now(),
  verified_at timestamptz,
  -- a removed one is told of it, then forgotten
  removed_at  timestamptz
);
create unique index one_user on pin_keys.users (key_id, lookup) where removed_at is null;
create index users_by_key on pin_keys.users (key_id);
create index removed_users on pin_keys.users (removed_at) where removed_at is not null;

-- The key, encrypted to the recovery token: there while a user is, and of use once one is verified.
create table pin_keys.recovery_copies (
  key_id   uuid        primary key references pin_keys.keys on delete cascade,
  envelope bytea       not null,
  at       timestamptz not null default strongroom.now()
);

-- What one user is told about one thing that happened. Sent once; doubled only if we die between sending and noting it.
create table pin_keys.deliveries (
  id         uuid        primary key default gen_random_uuid(),
  key_id     uuid        not null,
  user_id    uuid        not null references pin_keys.users on delete cascade,
  event      text        not null,
  lock_id    uuid,
  opens_at   timestamptz,
  created_at timestamptz not null default strongroom.now(),
  sent_at    timestamptz,
  failed_at  timestamptz
);
create index deliveries_by_user on pin_keys.deliveries (user_id);
create index deliveries_by_key on pin_keys.deliveries (key_id, created_at);
create index deliveries_by_age on pin_keys.deliveries (created_at);

-- A reset whose code and lock are proved: the worker, who alone can open the copy, completes it or refuses.
create table pin_keys.completions (
  id           uuid        primary key,
  key_id       uuid        not null references pin_keys.keys on delete cascade,
  lock_id      uuid        not null,
  code_id      uuid        not null,
  -- the epoch that the new PIN begins
  pin_epoch    int         not null,
  verifier     bytea       not null check (length(verifier) = 32),
  envelope     bytea       not null,
  state        text        not null default 'pending' check (state in ('pending', 'done', 'refused', 'withdrawn')),
  requested_at timestamptz not null default strongroom.now()
);
create index completions_by_age on pin_keys.completions (requested_at);

-- Who proved a code of late, and for which new PIN: where the key is contested, two users must want the same one.
create table pin_keys.confirmations (
  key_id   uuid        not null references pin_keys.keys on delete cascade,
  user_id  uuid        not null references pin_keys.users on delete cascade,
  -- of the PIN that is wanted, in the epoch that it would begin
  verifier bytea       not null check (length(verifier) = 32),
  at       timestamptz not null default strongroom.now(),
  primary key (key_id, user_id)
);
