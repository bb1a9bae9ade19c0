-- Challenges that were answered, until they would have ended by themselves: none is good twice.
create table secret_shares.answered_challenges (
  challenge bytea       primary key check (length(challenge) = 32),
  ends_at   timestamptz not null
);
create index answered_challenges_by_end on secret_shares.answered_challenges (ends_at);

-- What is done to a contact is counted over all records that it ever had: a deleted one starts no new day.
create index held_by_lookup on secret_shares.held (lookup, held_at);
create index notices_by_lookup on secret_shares.notices (split_part(owner, '/', 1), created_at);
