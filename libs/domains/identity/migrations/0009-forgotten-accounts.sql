-- A name that was forgotten is never given out again: what was paid to it, or is kept for it elsewhere, would be its next owner's.
alter table identity.ledger_accounts
  -- half of the HSM's MAC of account and version; the row has no signers then
  add column forgotten bytea check (length(forgotten) = 32);
