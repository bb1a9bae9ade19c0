-- A further job: signatures that a ledger checks.
alter table keystore.keys drop constraint keys_job_check;
alter table keystore.keys add constraint keys_job_check
  check (job in ('seal', 'wrap', 'mac', 'sign', 'sign-ed25519', 'recover'));
