-- Versions of keys come and go while replicas are at work. What was recorded before was made to seal.
alter table keystore.keys add column state text not null default 'active'
  check (state in ('published', 'active', 'retired', 'destroying'));
-- By which envelopes name it; null until the next provisioning has read it from the token.
alter table keystore.keys add column key_id bytea;
-- Since when it seals nothing; and when it was decided, after the last look for values, that it is destroyed.
alter table keystore.keys add column retired_at timestamptz;
alter table keystore.keys add column doomed_at timestamptz;

-- A number that every change of keys raises, so that a replica sees by one row that it must look.
create table keystore.generation (
  singleton boolean primary key default true check (singleton),
  number    bigint  not null
);
insert into keystore.generation (number) values (1);

create function keystore.raise_generation() returns trigger language plpgsql as $$
begin
  update keystore.generation set number = number + 1;
  return null;
end $$;
create trigger raise_generation after insert or update or delete on keystore.keys
  for each statement execute function keystore.raise_generation();

-- The processes that work by these keys, and by which generation of them: what is not seen for a minute is gone.
create table keystore.replicas (
  id         uuid        primary key,
  name       text        not null,
  generation bigint      not null,
  since      timestamptz not null default now(),
  seen_at    timestamptz not null default now()
);

-- How far the values of each column are sealed by a version, written with the page that was done.
create table keystore.rewraps (
  version     int         not null,
  column_name text        not null,
  after       text        not null,
  done        bigint      not null default 0,
  total       bigint      not null,
  unopenable  bigint      not null default 0,
  started_at  timestamptz not null default now(),
  finished_at timestamptz,
  primary key (version, column_name)
);

-- In which columns values name one of these keys. All columns of bytes are searched, declared to anybody or not, since
-- a value that is overlooked is lost with its key; only the records of the keys themselves do not count.
create function keystore.count_references(ids bytea[])
  returns table (place text, field text, hits bigint) language plpgsql as $$
declare
  one record;
  found bigint;
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
       and c.oid <> 'keystore.keys'::regclass
     order by 1, 2, 3
  loop
    execute format(
      case when one.is_list
        then 'select count(*) from %1$I.%2$I where exists (select from unnest(%3$I) v, unnest($1) k where position(k in v) > 0)'
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
revoke execute on function keystore.count_references(bytea[]) from public;
