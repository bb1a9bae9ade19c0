create schema proofs;

-- What was given out to be signed, once: digests only, so that no row tells a challenge or whom it was given to.
create table proofs.challenges (
  id         bigint      primary key generated always as identity,
  purpose    text        not null,
  subject    bytea       not null check (length(subject) = 32),
  challenge  bytea       not null unique check (length(challenge) = 32),
  expires_at timestamptz not null
);
create index challenges_by_subject on proofs.challenges (purpose, subject, id);
create index challenges_by_age on proofs.challenges (expires_at);

-- Stores new ones and forgets the subject's oldest beyond `most`. Requests of one subject take turns, so that the bound
-- is exact; a statement of its own after the lock sees what the one before it did.
create function proofs.issue_challenges(
  for_purpose text, for_subject bytea, digests bytea[], lifetime int, most int
) returns void
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('challenges/' || for_purpose || '/' || encode(for_subject, 'hex'), 0));
  insert into proofs.challenges (purpose, subject, challenge, expires_at)
    select for_purpose, for_subject, digest, strongroom.now() + make_interval(secs => lifetime)
      from unnest(digests) as digest;
  delete from proofs.challenges where id in (
    select id from proofs.challenges where purpose = for_purpose and subject = for_subject
     order by id desc offset most);
end $$;
