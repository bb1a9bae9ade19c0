-- A further job: wraps the private keys of pairs that are issued for rows.
alter table keystore.keys drop constraint keys_job_check;
alter table keystore.keys add constraint keys_job_check
  check (job in ('seal', 'wrap', 'wrap-pair', 'mac', 'sign', 'sign-ed25519', 'recover'));
