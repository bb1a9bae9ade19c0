-- Given once each, in the order of opening: from the oldest session that is left to the newest there are never fewer numbers
-- than sessions. The smallest and the largest are read from the ends of the index.
alter table qr_login.sessions add column number bigint generated always as identity;
create index sessions_by_number on qr_login.sessions (number);

-- As before, but while the numbers leave room nobody looks at every session: that took milliseconds, with all others waiting.
create or replace function qr_login.create_session(
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
