create table identity.settings (
  account_id text        not null,
  key        text        not null check (length(key) between 1 and 128),
  -- sealed to account and key: any JSON
  envelope   bytea       not null,
  changed_at timestamptz not null default strongroom.now(),
  primary key (account_id, key)
);
