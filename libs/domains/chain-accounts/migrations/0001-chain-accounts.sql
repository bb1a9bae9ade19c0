create schema chain_accounts;

create table chain_accounts.apps (
  id         uuid        primary key default gen_random_uuid(),
  name       text        not null unique check (length(name) between 1 and 100),
  created_at timestamptz not null default strongroom.now()
);
-- While it is alone, what comes without a secret belongs to it.
insert into chain_accounts.apps (name) values ('default');

-- A secret is its own id, told in clear, and 32 random bytes, of which SHA-256 is here.
create table chain_accounts.app_secrets (
  id         uuid        primary key,
  app_id     uuid        not null references chain_accounts.apps on delete cascade,
  digest     bytea       not null check (length(digest) = 32),
  created_at timestamptz not null default strongroom.now(),
  -- 'infinity' for the one that is current
  good_until timestamptz not null default 'infinity'
);
create unique index one_current_secret on chain_accounts.app_secrets (app_id) where good_until = 'infinity';

-- Whatever is sealed or stamped for an account is bound to its id and its app.
create table chain_accounts.accounts (
  id           uuid        primary key,
  app_id       uuid        not null references chain_accounts.apps,
  -- active once it stands on one chain with our signers
  state        text        not null default 'pending' check (state in ('pending', 'active', 'closed')),
  created_at   timestamptz not null default strongroom.now(),
  updated_at   timestamptz not null default strongroom.now(),
  activated_at timestamptz,
  closed_at    timestamptz
);

create table chain_accounts.identities (
  -- half of the HSM's MAC of app, provider and the provider's subject
  lookup     bytea       primary key check (length(lookup) = 32),
  account_id uuid        not null references chain_accounts.accounts on delete cascade,
  -- half of the HSM's MAC of lookup and account: a row that was pointed at another account has none
  stamp      bytea       not null check (length(stamp) = 32),
  provider   text        not null check (provider in ('firebase', 'apple', 'test')),
  -- subject and e-mail, sealed
  profile    bytea       not null,
  created_at timestamptz not null default strongroom.now()
);
create index identities_by_account on chain_accounts.identities (account_id);

create table chain_accounts.keys (
  id           uuid        primary key,
  account_id   uuid        not null references chain_accounts.accounts on delete cascade,
  type         text        not null check (type in ('user-key', 'recover-key', 'server-key')),
  kind         text        not null check (kind in ('device', 'passkey', 'cloud', 'server')),
  -- x and y on P-256
  public_key   bytea       not null check (length(public_key) = 64),
  -- place among the account's keys: the server's is 0
  key_index    int         not null check (key_index >= 0),
  -- pending: known, and not seen on a chain; it signs in to nothing
  state        text        not null check (state in ('pending', 'active', 'revoked')),
  -- half of the HSM's MAC of account, id, key, type, kind and state. Gone with the revocation
  stamp        bytea       check (length(stamp) = 32),
  -- of the server's key: the private half, wrapped in the token and bound to the row
  envelope     bytea,
  -- of devices, passkeys and clouds: what they are called and where they are told, sealed
  data         bytea,
  -- of passkeys: the authenticator's counter
  sign_count   bigint      not null default 0,
  created_at   timestamptz not null default strongroom.now(),
  updated_at   timestamptz not null default strongroom.now(),
  activated_at timestamptz,
  last_used_at timestamptz,
  revoked_at   timestamptz,
  unique (account_id, public_key),
  unique (account_id, key_index),
  check ((type = 'server-key') = (envelope is not null)),
  check ((state = 'revoked') = (stamp is null))
);

-- Where an account stands, or will: one address on each chain.
create table chain_accounts.addresses (
  account_id     uuid        not null references chain_accounts.accounts on delete cascade,
  chain_name     text        not null,
  -- known beforehand where the chain derives it
  address        text,
  -- what was deployed: {"threshold":1000,"signers":[{"publicKey":"…","scheme":"…","weight":500}]}
  plan           jsonb       not null,
  -- half of the HSM's MAC of account, chain, address, plan and state
  stamp          bytea       not null check (length(stamp) = 32),
  -- of kernel/chains
  transaction_id text        not null,
  -- foreign: other code or other signers stand there; never active
  state          text        not null default 'pending' check (state in ('pending', 'active', 'foreign')),
  created_at     timestamptz not null default strongroom.now(),
  looked_at      timestamptz not null default strongroom.now(),
  -- a deployment that came to nothing is asked for again, a minute later
  queued_at      timestamptz not null default strongroom.now(),
  activated_at   timestamptz,
  primary key (account_id, chain_name)
);
create index addresses_to_look_at on chain_accounts.addresses (looked_at) where state = 'pending';

-- What is to be signed to sign in. 32 random bytes, of which SHA-256 is here: a dump answers none.
create table chain_accounts.challenges (
  digest     bytea       primary key check (length(digest) = 32),
  account_id uuid        not null references chain_accounts.accounts on delete cascade,
  key_id     uuid        not null references chain_accounts.keys on delete cascade,
  app_id     uuid        not null references chain_accounts.apps on delete cascade,
  type       text        not null check (type in ('deviceKey', 'passKey', 'recoveryKey')),
  chain_name text        not null,
  issued_at  timestamptz not null default strongroom.now(),
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index challenges_by_account on chain_accounts.challenges (account_id, issued_at) where used_at is null;
create index challenges_by_end on chain_accounts.challenges (expires_at);

-- A device asks another one of the same account to let it in.
create table chain_accounts.two_factor_requests (
  id             uuid        primary key,
  account_id     uuid        not null references chain_accounts.accounts on delete cascade,
  app_id         uuid        not null references chain_accounts.apps,
  chain_name     text        not null,
  -- the key that wants to be added, and who is asked to add it
  source_key_id  uuid        not null references chain_accounts.keys on delete cascade,
  dest_key_id    uuid        references chain_accounts.keys,
  state          text        not null default 'pending'
                             check (state in ('pending', 'approved', 'denied', 'expired', 'finished')),
  -- what the approving device is to sign: public
  message        text        not null,
  -- e-mail and address of who asks, sealed
  asker          bytea       not null,
  -- half of the HSM's MAC of account, id, chain, message, end and the key that asks: what is asked for was asked for by a
  -- login. Gone once it is denied
  stamp          bytea       check (length(stamp) = 32),
  -- how often a device was told
  sends          int         not null default 1,
  -- hash of the transaction that added the key
  tx_id          text,
  approved_by    uuid        references chain_accounts.keys,
  requested_at   timestamptz not null default strongroom.now(),
  expires_at     timestamptz not null,
  ended_at       timestamptz,
  check ((state = 'denied') = (stamp is null))
);
create index two_factor_by_account on chain_accounts.two_factor_requests (account_id, requested_at);
create index two_factor_by_end on chain_accounts.two_factor_requests (expires_at) where state = 'pending';

-- A change of signers that waits until another key approves it or its hold is over, before we sign as well.
create table chain_accounts.signer_changes (
  id          uuid        primary key,
  account_id  uuid        not null references chain_accounts.accounts on delete cascade,
  chain_name  text        not null,
  -- SHA-256 of the decoded changes, and what they are: public
  digest      bytea       not null check (length(digest) = 32),
  changes     jsonb       not null,
  asked_by    uuid        not null references chain_accounts.keys,
  approved_by uuid        references chain_accounts.keys,
  -- half of the HSM's MAC of account, id, chain, digest and both keys: an approval that nobody gave has none. Once it is
  -- signed: of account, id, chain and digest, by which it is signed anew where the transaction came to nothing
  approval    bytea       check (length(approval) = 32),
  -- of kernel/time-locks; of what two-factor consented to, the request's
  lock_id     uuid        not null,
  opens_at    timestamptz not null,
  state       text        not null default 'held' check (state in ('held', 'approved', 'signed', 'cancelled', 'lapsed')),
  created_at  timestamptz not null default strongroom.now(),
  ended_at    timestamptz,
  -- when its effect was seen on the chain
  settled_at  timestamptz,
  -- of one that was signed: when its chain was asked last
  looked_at   timestamptz not null default strongroom.now(),
  check (approved_by is distinct from asked_by)
);
create unique index one_live_change on chain_accounts.signer_changes (account_id, chain_name, digest)
  where state in ('held', 'approved');
create index changes_by_account on chain_accounts.signer_changes (account_id, created_at);
create index changes_by_lock on chain_accounts.signer_changes (lock_id);

-- The owner asked to recover; for a quarter of an hour the recovery key is believed, for one new key.
create table chain_accounts.recoveries (
  id           uuid        primary key,
  account_id   uuid        not null references chain_accounts.accounts on delete cascade,
  state        text        not null default 'open' check (state in ('open', 'held', 'done', 'cancelled', 'expired')),
  recovery_key uuid        references chain_accounts.keys on delete set null,
  new_key      uuid        references chain_accounts.keys on delete set null,
  chain_name   text,
  lock_id      uuid,
  opens_at     timestamptz,
  requested_at timestamptz not null default strongroom.now(),
  closes_at    timestamptz not null,
  ended_at     timestamptz,
  settled_at   timestamptz
);
create index recoveries_by_account on chain_accounts.recoveries (account_id, requested_at);
create unique index one_held_recovery on chain_accounts.recoveries (account_id) where state = 'held';

-- All tokens that follow from one sign-in.
create table chain_accounts.token_families (
  id         uuid        primary key,
  account_id uuid        not null references chain_accounts.accounts on delete cascade,
  app_id     uuid        not null references chain_accounts.apps on delete cascade,
  key_id     uuid        not null references chain_accounts.keys on delete cascade,
  created_at timestamptz not null default strongroom.now(),
  revoked_at timestamptz,
  why        text        check (why in ('reused', 'key-revoked', 'closed'))
);
create index families_by_key on chain_accounts.token_families (key_id);
create index families_by_account on chain_accounts.token_families (account_id);

create table chain_accounts.refresh_tokens (
  digest     bytea       primary key check (length(digest) = 32),
  family_id  uuid        not null references chain_accounts.token_families on delete cascade,
  created_at timestamptz not null default strongroom.now(),
  expires_at timestamptz not null,
  used_at    timestamptz,
  -- for some seconds after it was used: the token that took its place, sealed to this row
  successor  bytea,
  -- whose place it took
  follows    bytea       unique
);
create index tokens_by_family on chain_accounts.refresh_tokens (family_id);
create index successors_to_forget on chain_accounts.refresh_tokens (used_at) where successor is not null;
create index tokens_by_end on chain_accounts.refresh_tokens (expires_at);

-- Whose a transaction is that was sent for an account.
create table chain_accounts.relayed (
  transaction_id text        primary key,
  account_id     uuid        not null references chain_accounts.accounts on delete cascade,
  chain_name     text        not null,
  -- SHA-256 of what was signed: the same once more is answered, and signed by nobody
  digest         bytea       not null check (length(digest) = 32),
  -- the change of signers that it was signed for
  change_id      uuid        references chain_accounts.signer_changes on delete set null,
  created_at     timestamptz not null default strongroom.now()
);
create index relayed_by_change on chain_accounts.relayed (change_id) where change_id is not null;
create index relayed_by_account on chain_accounts.relayed (account_id, digest);
