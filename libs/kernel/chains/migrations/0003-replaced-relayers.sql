-- A gas key is replaced: the new one waits for money, then it pays, and the old one brings what it sent to its end.
alter table chains.relayers drop constraint relayers_chain_key;
alter table chains.relayers
  -- retired: takes up nothing new
  add column state      text        not null default 'active' check (state in ('waiting', 'active', 'retired')),
  add column made_at    timestamptz not null default strongroom.now(),
  add column retired_at timestamptz check ((state = 'retired') = (retired_at is not null));
create unique index relayers_who_pay on chains.relayers (chain) where state = 'active';
create unique index relayers_who_wait on chains.relayers (chain) where state = 'waiting';

-- What came to its end long ago is forgotten.
alter table chains.flow_transactions add column ended_at timestamptz;
update chains.flow_transactions set ended_at = strongroom.now() where state <> 'queued';
create index ended_flow_transactions on chains.flow_transactions (ended_at) where ended_at is not null;
create index old_transactions on chains.transactions (ended_at) where state in ('succeeded', 'failed', 'refused');
create index attempts_by_transaction on chains.flow_attempts (transaction_id);
