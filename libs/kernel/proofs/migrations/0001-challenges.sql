create schema proofs;

-- Challenges that were answered, until they would have ended by themselves: none is good twice. Of others no row tells.
create table proofs.answered_challenges (
  challenge bytea       primary key check (length(challenge) = 32),
  ends_at   timestamptz not null
);
create index answered_challenges_by_end on proofs.answered_challenges (ends_at);
