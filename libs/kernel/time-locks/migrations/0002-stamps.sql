-- Half of the HSM's MAC of the lock as it was armed: who can write this table can make none that opens sooner.
alter table time_locks.locks add column stamp bytea check (length(stamp) = 32);
