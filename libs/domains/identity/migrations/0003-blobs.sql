-- How many blobs an owner has, hidden ones not counted. Whoever changes them holds this row first.
create table identity.blob_owners (
  owner text primary key,
  blobs int  not null default 0 check (blobs >= 0)
);

create table identity.blobs (
  -- base32 of the SHA-256 of owner, type and value; of a private one, of half of the HSM's MAC of them
  id         text        primary key,
  -- the account it belongs to; empty where administrators made it for nobody
  owner      text        not null,
  -- one bit; private from 2048 on
  type       int         not null,
  -- a public one, as it is: whoever reads it compares it with its id
  value      bytea,
  -- a private one, sealed to its id, owner, type and bringer
  envelope   bytea,
  -- half of the HSM's MAC of the key that brought it while the account was being recovered
  bringer    bytea       check (length(bringer) = 32),
  created_at timestamptz not null default strongroom.now(),
  deleted_at timestamptz,
  check ((type < 2048) = (value is not null) and (type >= 2048) = (envelope is not null))
);
-- Contents lie beside the table, so that a list reads short rows; ciphertexts do not compress.
alter table identity.blobs set (toast_tuple_target = 128);
alter table identity.blobs alter column envelope set storage external;
create index blobs_by_owner on identity.blobs (owner, created_at desc, id) include (type, deleted_at, bringer);
create index blobs_by_bringer on identity.blobs (bringer) where bringer is not null;

-- What a blob was related to when it was made, digests alone: of a private one, of the HSM's MACs.
create table identity.blob_tags (
  blob_id text  not null references identity.blobs on delete cascade,
  -- all relations that were made together; there is a row of which it is the tag as well
  related bytea not null check (length(related) = 32),
  tag     bytea not null check (length(tag) = 32),
  primary key (blob_id, related, tag)
);
create index blob_tags_by_tag on identity.blob_tags (tag, blob_id);
create index blob_tags_by_related on identity.blob_tags (related);
