-- In which columns locks stand that one version of the lock's MAC key has made. All columns of bytes are searched, as
-- for keys: a lock that is overlooked never opens again. Of an envelope of format 1 and kind 4 or 5 the body, at its end,
-- is that version, behind the length of 4; the first version has written none.
create function keystore.count_locks(version int)
  returns table (place text, field text, hits bigint) language plpgsql as $$
declare
  one record;
  found bigint;
  ending bytea := case version when 1 then '\x00000000'::bytea else '\x00000004'::bytea || int4send(version) end;
begin
  for one in
    select n.nspname as space, c.relname as name, a.attname as field, t.typcategory = 'A' as is_list
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid
      join pg_namespace n on n.oid = c.relnamespace
      join pg_type t on t.oid = a.atttypid
     where c.relkind in ('r', 'm') and a.attnum > 0 and not a.attisdropped
       and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
       and 'bytea'::regtype in (t.oid, t.typbasetype, t.typelem)
     order by 1, 2, 3
  loop
    execute format(
      case when one.is_list
        then 'select count(*) from %1$I.%2$I where exists (select from unnest(%3$I) v where keystore.is_lock_ending(v, $1))'
        else 'select count(*) from %1$I.%2$I where keystore.is_lock_ending(%3$I, $1)'
      end, one.space, one.name, one.field)
      into found using ending;
    if found > 0 then
      place := one.space || '.' || one.name;
      field := one.field;
      hits := found;
      return next;
    end if;
  end loop;
end $$;
revoke execute on function keystore.count_locks(int) from public;

create function keystore.is_lock_ending(value bytea, ending bytea) returns boolean language sql immutable as $$
  select length(value) > 12 and substring(value for 2) in ('\x0104'::bytea, '\x0105'::bytea)
         and substring(value from length(value) - length(ending) + 1) = ending
$$;
revoke execute on function keystore.is_lock_ending(bytea, bytea) from public;
