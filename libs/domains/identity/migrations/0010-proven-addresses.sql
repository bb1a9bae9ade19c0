-- When an address was last proved to be somebody's: tokens for it that were given before prove it no more.
create table identity.proven_addresses (
  -- half of the HSM's MAC of the address
  contact   bytea       primary key check (length(contact) = 32),
  proven_at timestamptz not null
);
create index proven_addresses_by_age on identity.proven_addresses (proven_at);
