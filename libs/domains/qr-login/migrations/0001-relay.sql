create schema qr_login;

-- Where an account's devices are told that another one wants in.
create table qr_login.devices (
  -- half of the HSM's MAC of account and device: finds the row, links nobody across accounts
  lookup        bytea       primary key check (length(lookup) = 32),
  account_id    text        not null,
  -- the push token or subscription, sealed to this row and account
  address       bytea       not null,
  registered_at timestamptz not null default strongroom.now()
);
create index devices_by_account on qr_login.devices (account_id, registered_at);

-- The relay. Unlogged: a crash of the database ends what lives for two minutes anyway, and no backup holds a payload.
create unlogged table qr_login.sessions (
  id                uuid        primary key,
  -- gone with the approval: from then on the session is found by its id alone
  short_code        text        unique check (short_code ~ '^[0-9]{8}$'),
  public_key        text        not null,
  -- SHA-256 of what only the new device knows, base64url
  poll_token_digest text,
  status            text        not null default 'pending' check (status in ('pending', 'approved')),
  encrypted_payload text,
  approver_did      text,
  expires_at        timestamptz not null,
  -- given once each, in the order of opening: from the oldest session that is left to the newest there are never fewer
  -- numbers than sessions, and both ends are read from the index
  number            bigint      generated always as identity
);
create index sessions_by_number on qr_login.sessions (number);
create index sessions_by_age on qr_login.sessions (expires_at);

-- How often something was done in the window that began with the first time. Names are digests.
create unlogged table qr_login.limits (
  name    text        primary key,
  taken   int         not null,
  ends_at timestamptz not null
) with (fillfactor = 50);

-- Counted at once, two sessions would both find the last place: they queue up, and while the numbers leave room nobody looks
-- at every session. A code whose session expired is free.
create function qr_login.create_session(
  new_id uuid, new_code text, key text, digest text, most int, lifetime int
) returns text
language plpgsql as $$
declare
  moment timestamptz := strongroom.now();
begin
  perform pg_advisory_xact_lock(hashtextextended('qr_login/create', 0));
  if (select max(number) - min(number) + 1 from qr_login.sessions) >= most
     and (select count(*) from (select from qr_login.sessions where expires_at > moment limit most) as live) >= most then
    return 'full';
  end if;
  insert into qr_login.sessions as s (id, short_code, public_key, poll_token_digest, expires_at)
  values (new_id, new_code, key, digest, moment + make_interval(secs => lifetime))
    on conflict (short_code) do update
       set id = excluded.id, public_key = excluded.public_key, poll_token_digest = excluded.poll_token_digest,
           expires_at = excluded.expires_at
     where s.expires_at <= moment;
  return case when found then 'created' else 'code-taken' end;
end $$;
