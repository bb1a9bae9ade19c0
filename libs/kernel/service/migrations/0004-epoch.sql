-- How often this app was started or restored. Its tokens remember the same: where one of them is further, this database is
-- an old one. It is raised here first, so that a crash never leaves the token ahead.
create table keystore.epoch (
  singleton boolean primary key default true check (singleton),
  number    bigint  not null default 0 check (number >= 0)
);
insert into keystore.epoch default values;
