-- By what users are found: half of a MAC of the key's id and the address, and the version of the MAC key that made it. It is
-- computed anew when that key is rotated. Their name (lookup) stays, since codes, guesses, locks and contacts are bound to it.
alter table pin_keys.users add column finder bytea check (length(finder) = 32);
alter table pin_keys.users add column finder_version int not null default 1;
-- Half of a MAC of the address and the name, by that version: a name that is not what the row is found by must be vouched for,
-- or whoever can write here gives one user's codes and locks to another.
alter table pin_keys.users add column name_stamp bytea check (length(name_stamp) = 32);
update pin_keys.users set finder = lookup;
alter table pin_keys.users alter column finder set not null;
alter table pin_keys.users alter column finder_version drop default;
create unique index one_finder on pin_keys.users (key_id, finder) where removed_at is null;
create index users_by_finder_version on pin_keys.users (finder_version, id);
