create table identity.documents (
  -- what the object store calls it: drawn at random, and says whether anybody may read it, for policies of the store
  key          text        primary key check (key ~ '^(pub|prv)[a-z2-7]{53}$'),
  -- the account it belongs to
  owner        text        not null,
  type         text        not null,
  content_type text        not null,
  -- as whom it was brought: each may bring so many in a day
  brought_by   text        not null check (brought_by in ('owner', 'recovery', 'admin')),
  -- half of the HSM's MAC of key, owner, type and content type: a row that was written past us has none
  stamp        bytea       not null check (length(stamp) = 32),
  created_at   timestamptz not null default strongroom.now()
);
create index documents_by_owner on identity.documents (owner, brought_by, created_at);
