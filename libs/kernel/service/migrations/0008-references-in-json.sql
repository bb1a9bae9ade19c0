-- Rows that were copied whole, sealed columns and all, are kept as JSON, where bytes are hex: a copy that names a key keeps
-- it alive like the row that it is of. Otherwise as before.
create or replace function keystore.count_references(ids bytea[])
  returns table (place text, field text, hits bigint) language plpgsql as $$
declare
  one record;
  found bigint;
begin
  for one in
    select n.nspname as space, c.relname as name, a.attname as field,
           case when t.oid in ('json'::regtype, 'jsonb'::regtype) then 'json' when t.typcategory = 'A' then 'list' else 'bytes' end as kind
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid
      join pg_namespace n on n.oid = c.relnamespace
      join pg_type t on t.oid = a.atttypid
     where c.relkind in ('r', 'm') and a.attnum > 0 and not a.attisdropped
       and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
       and ('bytea'::regtype in (t.oid, t.typbasetype, t.typelem) or t.oid in ('json'::regtype, 'jsonb'::regtype))
       and c.oid <> 'keystore.keys'::regclass
     order by 1, 2, 3
  loop
    execute format(
      case one.kind
        when 'list'
        then 'select count(*) from %1$I.%2$I where exists (select from unnest(%3$I) v, unnest($1) k where position(k in v) > 0)'
        when 'json'
        then 'select count(*) from %1$I.%2$I where exists (select from unnest($1) k where position(encode(k, ''hex'') in %3$I::text) > 0)'
        else 'select count(*) from %1$I.%2$I where exists (select from unnest($1) k where position(k in %3$I) > 0)'
      end, one.space, one.name, one.field)
      into found using ids;
    if found > 0 then
      place := one.space || '.' || one.name;
      field := one.field;
      hits := found;
      return next;
    end if;
  end loop;
end $$;
