-- What is done to a contact is counted over all records that it ever had: a deleted one starts no new day.
create index held_by_lookup on secret_shares.held (lookup, held_at);
create index notices_by_lookup on secret_shares.notices (split_part(owner, '/', 1), created_at);
