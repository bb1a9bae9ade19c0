create table identity.identities (
  id         uuid        primary key,
  -- in which they came: lists are read along it
  position   bigint      not null unique generated always as identity,
  -- the account on the ledger
  address    text        not null unique check (address ~ '^G[A-Z2-7]{55}$'),
  -- unregistered: the account is nobody's until somebody verifies the e-mail address, or proves the number
  status     text        not null check (status in ('active', 'unregistered')),
  wallet_id  uuid        unique references identity.wallets on delete cascade,
  -- false while nobody verified the e-mail address: whoever just typed it is not found, and so not paid, by it
  findable   boolean     not null,
  -- halves of the HSM's MACs
  email      bytea       unique check (length(email) = 32),
  phone      bytea       unique check (length(phone) = 32),
  telegram   bytea       unique check (length(telegram) = 32),
  -- what somebody says of themselves: others may say the same
  passport   bytea       check (length(passport) = 32),
  -- sealed to id and address: the texts themselves
  contents   bytea       not null,
  -- raised by each change; the stamp is half of the HSM's MAC of all of the above but the position
  version    int         not null default 1,
  stamp      bytea       not null check (length(stamp) = 32),
  created_at timestamptz not null default strongroom.now(),
  updated_at timestamptz not null default strongroom.now(),
  check (status = 'active' or wallet_id is null)
);
create index identities_by_passport on identity.identities (passport, position) where passport is not null;

-- A wallet that is given the account of an unregistered identity once its address is verified.
create table identity.adoptions (
  wallet_id   uuid  primary key references identity.wallets on delete cascade,
  identity_id uuid  not null unique references identity.identities,
  -- who signs for the account then
  signers     jsonb not null,
  -- half of the HSM's MAC of the row
  stamp       bytea not null check (length(stamp) = 32)
);

-- Sales of the embedded ledger: an operator keeps them.
create table identity.ledger_sales (
  id    text  primary key check (id ~ '^[0-9A-Za-z_-]{1,64}$'),
  -- the account whose signers manage who is invited
  owner text  not null,
  -- half of the HSM's MAC of the row
  stamp bytea not null check (length(stamp) = 32)
);

create table identity.invites (
  id           bigint      primary key generated always as identity,
  type         text        not null check (type in ('whitelist-invite', 'general-invite')),
  -- of a whitelist invite; empty for a general one
  sale         text        not null check ((type = 'whitelist-invite') = (sale <> '')),
  -- half of the HSM's MAC of the e-mail address
  contact      bytea       not null check (length(contact) = 32),
  -- sealed to contact, type and sale: the address
  email        bytea       not null,
  -- the account that it counts against
  invited_by   text        not null,
  created_at   timestamptz not null default strongroom.now(),
  -- when its mail was queued
  delivered_at timestamptz,
  -- kept for a day, so that it still counts against who invited
  deleted_at   timestamptz
);
create unique index invites_once on identity.invites (type, sale, contact) where deleted_at is null;
create index invites_by_sale on identity.invites (sale, id) where deleted_at is null;
create index invites_to_deliver on identity.invites (contact) where delivered_at is null and deleted_at is null;
create index invites_by_inviter on identity.invites (invited_by, created_at);
create index invites_deleted on identity.invites (deleted_at) where deleted_at is not null;
