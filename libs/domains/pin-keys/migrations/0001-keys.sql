create schema pin_keys;

create table pin_keys.keys (
  id             uuid        primary key,
  -- raised with every change of the PIN, together with the epoch of the key's guess budget
  pin_epoch      int         not null default 1,
  -- half of the HSM's MAC of id, epoch and PIN
  verifier       bytea       not null check (length(verifier) = 32),
  -- the key: wrapped inside the token under the other half, then sealed to this row
  envelope       bytea       not null,
  created_at     timestamptz not null default strongroom.now(),
  pin_changed_at timestamptz not null default strongroom.now()
);
