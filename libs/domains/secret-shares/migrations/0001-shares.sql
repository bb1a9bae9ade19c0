create schema secret_shares;

-- One person's record, found by what the login proves: an e-mail address or a phone number.
create table secret_shares.accounts (
  id               uuid        primary key,
  -- half of the HSM's MAC of the contact's type and value; what is sealed below is bound to it, to the id and to the DID
  lookup           bytea       not null unique check (length(lookup) = 32),
  contact_type     text        not null check (contact_type in ('email', 'phone')),
  contact          bytea       not null,
  primary_did      text        not null,
  key_provider     text        not null,
  security_level   text        not null,
  -- of the share that is served; after a restore it is lower than the last that was given out
  share_version    int         not null,
  last_version     int         not null,
  share_updated_at timestamptz not null default strongroom.now(),
  recovery_email   bytea,
  migrated_at      timestamptz,
  created_at       timestamptz not null default strongroom.now()
);
create index accounts_by_did on secret_shares.accounts (primary_did);

-- Whose tokens open the record: MACs of issuer and subject.
create table secret_shares.logins (
  account_id uuid        not null references secret_shares.accounts on delete cascade,
  lookup     bytea       not null check (length(lookup) = 32),
  provider   text        not null,
  at         timestamptz not null default strongroom.now(),
  primary key (account_id, lookup)
);

-- The share that is served and the five before it.
create table secret_shares.shares (
  account_id uuid        not null references secret_shares.accounts on delete cascade,
  version    int         not null,
  envelope   bytea       not null,
  created_at timestamptz not null default strongroom.now(),
  primary key (account_id, version)
);

create table secret_shares.recovery_methods (
  id            bigint      generated always as identity primary key,
  account_id    uuid        not null references secret_shares.accounts on delete cascade,
  type          text        not null check (type in ('passkey', 'backup', 'phrase', 'email')),
  -- one method of each type, but one passkey for each credential
  slot          text        not null,
  credential_id text,
  share_version int,
  envelope      bytea,
  created_at    timestamptz not null default strongroom.now(),
  unique (account_id, type, slot)
);

-- An address that waits for its code; the newest request counts.
create table secret_shares.pending_emails (
  account_id uuid        primary key references secret_shares.accounts on delete cascade,
  code_id    uuid        not null,
  email      bytea       not null,
  at         timestamptz not null default strongroom.now()
);

-- What was replaced or removed, sealed as it was, until its owner can no longer want it back.
create table secret_shares.held (
  id            uuid        primary key default gen_random_uuid(),
  account_id    uuid        not null,
  lookup        bytea       not null,
  did           text        not null,
  share_version int         not null,
  reason        text        not null,
  -- what a restore displaced stays for the auditor; its DID cannot take the record back
  restorable    boolean     not null,
  record        jsonb       not null,
  held_at       timestamptz not null default strongroom.now(),
  until         timestamptz not null
);
create index held_by_did on secret_shares.held (did, held_at);
create index held_by_account on secret_shares.held (account_id, held_at);
create index held_by_end on secret_shares.held (until);

-- A contact that was moved before its login provider was asked: finished or taken back, whatever happens to us between.
create table secret_shares.upgrades (
  account_id uuid        primary key references secret_shares.accounts on delete cascade,
  -- the subject at the provider, and the two contacts, sealed
  facts      bytea       not null,
  at         timestamptz not null default strongroom.now()
);
create index upgrades_by_age on secret_shares.upgrades (at);

-- What the owner is told. The contact is a copy of the account's, which may be gone.
create table secret_shares.notices (
  id           uuid        primary key default gen_random_uuid(),
  account_id   uuid        not null,
  owner        text        not null,
  contact_type text        not null,
  contact      bytea       not null,
  event        text        not null,
  created_at   timestamptz not null default strongroom.now(),
  sent_at      timestamptz,
  failed_at    timestamptz
);
create index notices_by_account on secret_shares.notices (account_id, created_at);
create index notices_by_age on secret_shares.notices (created_at);
