-- What came of a recovery that was signed: until a time it is signed anew, a few times, where what was sent came to nothing.
alter table chain_accounts.recoveries
  -- of kernel/chains: what was sent last
  add column transaction_id text,
  -- half of the HSM's MAC of account, id, chain, both keys and `anew_until`. Gone with the cancel
  add column signed         bytea       check (length(signed) = 32),
  add column anew_until     timestamptz,
  -- how often it was signed
  add column times          int         not null default 0,
  -- of one that was signed: when its chain was asked last
  add column looked_at      timestamptz not null default strongroom.now(),
  add check (signed is null or (transaction_id is not null and anew_until is not null));

-- Of what a client on Flow sends by itself: the payload that we signed, and the transactions that our payer made of it. What
-- we send has neither.
alter table chain_accounts.relayed
  add column message bytea,
  add column paid    text[] not null default '{}';
