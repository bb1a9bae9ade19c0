-- Each of an app's tokens has keys of its own; no label is the first token's.
alter table keystore.keys add column token text not null default '';
alter table keystore.keys drop constraint keys_pkey;
alter table keystore.keys add primary key (token, job, use, version);
alter table keystore.keys drop constraint keys_label_key;
alter table keystore.keys add constraint keys_token_label_key unique (token, label);
