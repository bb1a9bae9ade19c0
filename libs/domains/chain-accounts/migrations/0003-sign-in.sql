-- Issued at once, two challenges of one key would both find room: they queue up by the key, and each counts when its turn
-- has come. The oldest makes room, so that nobody holds the owner out.
create function chain_accounts.issue_challenge(
  new_digest bytea, of_account uuid, of_key uuid, of_app uuid, of_type text, of_chain text, lifetime int, live int
) returns timestamptz
language plpgsql as $$
declare
  ends timestamptz := strongroom.now() + make_interval(secs => lifetime);
begin
  perform pg_advisory_xact_lock(hashtextextended('chain_accounts/challenge/' || of_key, 0));
  update chain_accounts.challenges set used_at = strongroom.now()
   where digest in (select digest from chain_accounts.challenges
                     where account_id = of_account and key_id = of_key and used_at is null and expires_at > strongroom.now()
                     order by issued_at desc, digest offset live - 1);
  insert into chain_accounts.challenges (digest, account_id, key_id, app_id, type, chain_name, expires_at)
  values (new_digest, of_account, of_key, of_app, of_type, of_chain, ends);
  return ends;
end $$;

-- What brought it there, told with every sign-in: asked of the relayer's rows each time, it would cost a statement, and these
-- rows are not kept for ever. Public, and nothing hangs on it.
alter table chain_accounts.addresses add column transaction_hash text;
