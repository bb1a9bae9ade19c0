-- Request signatures that were used, until their date is too old to be used again: digests only.
create table proofs.seen_signatures (
  digest     bytea       primary key check (length(digest) = 32),
  expires_at timestamptz not null
);
create index seen_signatures_by_age on proofs.seen_signatures (expires_at);
