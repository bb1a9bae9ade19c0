create schema key_shares;

create table key_shares.users (
  id          uuid        primary key,
  -- half of the HSM's MAC of the issuer and the subject of the access token; everything below is bound to it as well
  lookup      bytea       not null unique check (length(lookup) = 32),
  created_at  timestamptz not null default strongroom.now(),
  disabled_at timestamptz
);

create table key_shares.devices (
  -- uncompressed SEC 1 point on P-256
  verifying_key bytea       primary key check (length(verifying_key) = 65),
  user_id       uuid        not null references key_shares.users on delete cascade,
  -- half of the HSM's MAC of the key and its owner: a row that was written past us has none. Gone with the revocation
  stamp         bytea       check (length(stamp) = 32),
  name          bytea,
  created_at    timestamptz not null default strongroom.now(),
  revoked_at    timestamptz
);
create index devices_by_user on key_shares.devices (user_id);

-- The challenge itself is the HSM's MAC of the row's id, owner and key: a dump holds none.
create table key_shares.challenges (
  user_id       uuid        not null references key_shares.users on delete cascade,
  verifying_key bytea       not null,
  id            uuid        not null,
  expires_at    timestamptz not null,
  primary key (user_id, verifying_key)
);
create index challenges_by_end on key_shares.challenges (expires_at);

-- What the face service calls a person is the HSM's MAC of the owner: no row can be pointed at another's face.
create table key_shares.faces (
  user_id       uuid        primary key references key_shares.users on delete cascade,
  -- an enrolment whose answer was lost may have reached the face service: the next scan is matched with it
  begun_at      timestamptz not null default strongroom.now(),
  registered_at timestamptz
);

-- SHA-256 of scans that were shown, whoever showed them: each is good once.
create table key_shares.face_scans (
  digest bytea       primary key check (length(digest) = 32),
  at     timestamptz not null default strongroom.now()
);
create index face_scans_by_age on key_shares.face_scans (at);

create table key_shares.keys (
  key_id        text        primary key,
  user_id       uuid        not null references key_shares.users on delete cascade,
  verifying_key bytea       not null,
  instance      text        not null,
  -- half of the HSM's MAC of the key's id and its owner
  stamp         bytea       not null check (length(stamp) = 32),
  last_version  int         not null default 0,
  created_at    timestamptz not null default strongroom.now()
);
create index keys_by_user on key_shares.keys (user_id, created_at);

-- A key share as the client encrypted it, sealed to owner, key and version. Written while the request arrives, and
-- published with all others of the request; the version before it is kept for operators.
create table key_shares.backups (
  key_id       text        not null references key_shares.keys on delete cascade,
  version      int         not null,
  upload       uuid        not null,
  envelope     bytea       not null,
  created_at   timestamptz not null default strongroom.now(),
  published_at timestamptz,
  retired_at   timestamptz,
  primary key (key_id, version)
);
create unique index one_backup on key_shares.backups (key_id) where published_at is not null and retired_at is null;
create index backups_by_upload on key_shares.backups (upload);
create index backups_by_age on key_shares.backups (created_at);

-- A key generation that was approved and waits for the id of its key.
create table key_shares.keygens (
  verifying_key  bytea       not null,
  instance       text        not null,
  user_id        uuid        not null references key_shares.users on delete cascade,
  transaction_id uuid        not null,
  -- half of the HSM's MAC of device, instance and owner
  stamp          bytea       not null check (length(stamp) = 32),
  expires_at     timestamptz not null,
  primary key (verifying_key, instance)
);
create index keygens_by_end on key_shares.keygens (expires_at);

create table key_shares.transactions (
  id            uuid        primary key,
  user_id       uuid        not null references key_shares.users on delete cascade,
  type          text        not null check (type in ('keygen', 'sign')),
  status        text        not null check (status in ('approved', 'rejected', 'completed')),
  key_id        text,
  verifying_key bytea       not null,
  instance      text        not null,
  sign_alg      text,
  chain_path    text,
  message       text,
  reject_reason text,
  created_at    timestamptz not null default strongroom.now(),
  completed_at  timestamptz
);
create index transactions_by_user on key_shares.transactions (user_id, created_at desc, id desc);

-- What the operator's own systems are told: ids and times.
create table key_shares.events (
  id         uuid        primary key default gen_random_uuid(),
  user_id    uuid        not null,
  type       text        not null,
  detail     jsonb       not null,
  created_at timestamptz not null default strongroom.now(),
  sent_at    timestamptz,
  failed_at  timestamptz
);
create index events_by_age on key_shares.events (created_at);
