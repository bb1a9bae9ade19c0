create table identity.wallets (
  id           uuid        primary key,
  -- half of the HSM's MAC of the wallet's id, which opens it: a dump names none
  lookup       bytea       not null unique check (length(lookup) = 32),
  -- half of the HSM's MAC of the address
  contact      bytea       not null unique check (length(contact) = 32),
  -- the ledger account that was made with it, whoever signs for it now
  account_id   text        not null unique,
  referrer     text,
  kdf_version  int         not null,
  salt         bytea       not null check (length(salt) = 16),
  -- sealed: the wallet's id, address and keychain
  contents     bytea       not null,
  verified     boolean     not null,
  -- raised by each change; the stamp is half of the HSM's MAC of version, verified and the factors
  version      int         not null default 1,
  stamp        bytea       not null check (length(stamp) = 32),
  -- signers of an account that the ledger has yet to make, with half of the HSM's MAC of them; null once it is there
  signers      jsonb,
  mail_sent_at timestamptz,
  created_at   timestamptz not null default strongroom.now()
);
create index wallets_unfinished on identity.wallets (created_at) where signers is not null;
create index wallets_unverified on identity.wallets (created_at) where not verified;

-- Each name belongs to one wallet, those of a change under way and of what is kept for a while too.
create table identity.names (
  kind      text  not null check (kind in ('wallet', 'contact')),
  name      bytea not null check (length(name) = 32),
  wallet_id uuid  not null references identity.wallets on delete cascade,
  primary key (kind, name)
);
create index names_by_wallet on identity.names (wallet_id);

create table identity.factors (
  id        bigint  primary key generated always as identity,
  wallet_id uuid    not null references identity.wallets on delete cascade,
  type      text    not null check (type in ('password', 'totp', 'email', 'phone', 'telegram')),
  -- names the row in its ciphertext and in the wallet's stamp
  ref       uuid    not null unique,
  -- 0: not enabled
  priority  int     not null check (priority between 0 and 1000000),
  -- sealed: a password's key and keychain, a TOTP seed
  secret    bytea,
  -- the last time step that was used, of a TOTP
  last_step bigint  not null default 0,
  unique (wallet_id, type)
);

-- A demand for a factor: SHA-256 of its token, which is random.
create table identity.factor_tokens (
  digest      bytea       primary key check (length(digest) = 32),
  id          uuid        not null unique,
  wallet_id   uuid        not null references identity.wallets on delete cascade,
  factor_id   bigint      not null references identity.factors on delete cascade,
  -- what wallet the caller asked for, and half of the HSM's MAC of the request and where it came from
  name        bytea       not null check (length(name) = 32),
  request     bytea       not null check (length(request) = 32),
  -- sealed: where its code is sent
  address     bytea,
  expires_at  timestamptz not null,
  -- half of the HSM's MAC of the row, written when it was verified
  proof       bytea       check (length(proof) = 32),
  verified_at timestamptz
);
create index factor_tokens_by_request on identity.factor_tokens (wallet_id, request);
create index factor_tokens_by_factor on identity.factor_tokens (factor_id);
create index factor_tokens_by_end on identity.factor_tokens (expires_at);

create table identity.sessions (
  -- SHA-256 of its id, of which 80 bits are random
  digest     bytea       primary key check (length(digest) = 32),
  wallet_id  uuid        not null references identity.wallets on delete cascade,
  -- sealed: the encryption key, and where it was opened from
  secret     bytea       not null,
  expires_at timestamptz not null
) with (fillfactor = 80);
-- None of when they end: each reading of a session puts that off, and would write to every index.
create index sessions_by_wallet on identity.sessions (wallet_id);

-- What a wallet becomes once the ledger has accepted, or its new address was verified.
create table identity.changes (
  id              uuid        primary key,
  wallet_id       uuid        not null references identity.wallets on delete cascade,
  kind            text        not null check (kind in ('password', 'recovery', 'address')),
  lookup          bytea       not null check (length(lookup) = 32),
  contact         bytea       not null check (length(contact) = 32),
  kdf_version     int         not null,
  salt            bytea       not null check (length(salt) = 16),
  contents        bytea       not null,
  password_ref    uuid        not null,
  password_secret bytea       not null,
  -- what the ledger is asked: a transaction, and the key that signs after it; or a key alone, to let in
  envelope        text,
  signer          text,
  -- half of the HSM's MAC of all of the above: else a change that one wallet asked for would be another's
  stamp           bytea       not null check (length(stamp) = 32),
  created_at      timestamptz not null default strongroom.now(),
  tried_at        timestamptz not null default strongroom.now()
);
-- One at a time asks the ledger; one new address waits to be verified.
create unique index changes_on_ledger on identity.changes (wallet_id) where kind <> 'address';
create unique index changes_of_address on identity.changes (wallet_id) where kind = 'address';
create index changes_by_lookup on identity.changes (lookup);

-- What a KYC recovery replaced.
create table identity.holds (
  id              uuid        primary key,
  wallet_id       uuid        not null references identity.wallets on delete cascade,
  lookup          bytea       not null unique check (length(lookup) = 32),
  contact         bytea       not null check (length(contact) = 32),
  kdf_version     int         not null,
  salt            bytea       not null check (length(salt) = 16),
  contents        bytea       not null,
  password_ref    uuid        not null,
  password_secret bytea       not null,
  -- the key that the recovery let in
  signer          text        not null,
  -- half of the HSM's MAC of what decides here: whose it is, and which key goes when it comes back
  stamp           bytea       not null check (length(stamp) = 32),
  ends_at         timestamptz not null
);
create index holds_by_wallet on identity.holds (wallet_id);
create index holds_by_end on identity.holds (ends_at);

-- What people are told: sealed until it is sent, and forgotten then.
create table identity.messages (
  id         uuid        primary key,
  wallet_id  uuid,
  kind       text        not null,
  contents   bytea,
  created_at timestamptz not null default strongroom.now(),
  sent_at    timestamptz,
  failed_at  timestamptz
);
create index messages_by_age on identity.messages (created_at);
create index messages_by_wallet on identity.messages (wallet_id, kind, created_at);
