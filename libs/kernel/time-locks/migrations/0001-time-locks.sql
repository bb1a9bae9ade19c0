create schema time_locks;

create table time_locks.locks (
  id            uuid        primary key default gen_random_uuid(),
  kind          text        not null,
  -- what is locked, and who armed it: opaque ids of the domain
  subject       text        not null,
  holder        text        not null,
  -- an active lock is armed until opens_at and open from then on: no job has to run for that
  state         text        not null default 'active' check (state in ('active', 'done', 'cancelled', 'lapsed')),
  armed_at      timestamptz not null default strongroom.now(),
  opens_at      timestamptz not null check (opens_at >= armed_at),
  lapses_at     timestamptz not null check (lapses_at > opens_at),
  -- armed, or waiting, while the subject was contested: its holder alone cannot complete it
  contested     boolean     not null default false,
  -- up to when a blockade was already added to lapses_at
  blocked_until timestamptz not null default '-infinity',
  ended_at      timestamptz,
  check ((state = 'active') = (ended_at is null))
);
create unique index one_active_lock on time_locks.locks (kind, subject, holder) where state = 'active';
create index locks_to_lapse on time_locks.locks (lapses_at) where state = 'active';
create index ended_locks on time_locks.locks (ended_at) where state <> 'active';

create table time_locks.notices (
  id         uuid        primary key default gen_random_uuid(),
  lock_id    uuid        not null references time_locks.locks on delete cascade,
  event      text        not null check (event in ('armed', 'half-time', 'open', 'done', 'cancelled', 'lapsed')),
  due_at     timestamptz not null,
  claimed_at timestamptz
);
create index due_notices on time_locks.notices (due_at) where claimed_at is null;
create index notices_by_lock on time_locks.notices (lock_id);

-- Whoever holds a link cancels the lock, once. The link itself is in the message alone.
create table time_locks.cancel_links (
  digest  bytea       primary key check (length(digest) = 32),
  lock_id uuid        not null references time_locks.locks on delete cascade,
  used_at timestamptz
);
create index cancel_links_by_lock on time_locks.cancel_links (lock_id);

create table time_locks.contests (
  kind    text        not null,
  subject text        not null,
  until   timestamptz not null,
  primary key (kind, subject)
);
