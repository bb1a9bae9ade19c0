-- Of passkeys whose making was shown to us: what the key's stamp covers besides, where it is there.
alter table chain_accounts.keys
  -- public: it names the passkey to whoever proved the login
  add column credential_id   bytea check (length(credential_id) between 1 and 1023),
  -- among whose passkeys it is the only one of that id
  add column credential_app  uuid references chain_accounts.apps on delete cascade,
  -- whether its authenticator may keep it in several places, and does
  add column backup_eligible boolean,
  add column backed_up       boolean,
  add check (num_nulls(credential_id, credential_app, backup_eligible, backed_up) in (0, 4)),
  add check (credential_id is null or kind = 'passkey');
create unique index one_passkey on chain_accounts.keys (credential_app, credential_id)
  where credential_id is not null and state <> 'revoked';

-- What a passkey is to be made by. 32 random bytes, of which SHA-256 is here.
create table chain_accounts.passkey_challenges (
  digest     bytea       primary key check (length(digest) = 32),
  app_id     uuid        not null references chain_accounts.apps on delete cascade,
  -- good for this account alone; of whoever was not signed in, for any of the app
  account_id uuid        references chain_accounts.accounts on delete cascade,
  issued_at  timestamptz not null default strongroom.now(),
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index passkey_challenges_by_end on chain_accounts.passkey_challenges (expires_at);
create index passkey_challenges_by_account on chain_accounts.passkey_challenges (account_id) where account_id is not null;
