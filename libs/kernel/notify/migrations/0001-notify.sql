create schema notify;

-- Who was sent how much in the last day. A recipient is a digest of a MAC: no row tells an address or a number.
create table notify.recipients (
  channel   text          not null check (channel in ('email', 'sms', 'push')),
  recipient bytea         not null check (length(recipient) = 32),
  -- when each send of the last day was taken, in the order of taking; no longer than the day's cap
  sent      timestamptz[] not null default '{}',
  primary key (channel, recipient)
) with (fillfactor = 50);

-- What a channel and a number prefix sent in the day that begins with the first send. The empty prefix is the channel.
create table notify.tallies (
  channel text        not null check (channel in ('email', 'sms', 'push')),
  prefix  text        not null check (prefix ~ '^(\+[0-9]{1,7})?$'),
  since   timestamptz not null,
  sent    bigint      not null default 0,
  primary key (channel, prefix)
) with (fillfactor = 50);

-- Takes the right to one send, or nothing: answers null when taken, else when to come back. A cap of null is no cap.
-- The rows are locked in one order (recipient, prefix, channel), so that it is exact and never deadlocks; the row that
-- all share comes last and is held for the length of one commit.
create function notify.take_send(
  at_channel text, at_recipient bytea, at_prefix text,
  hour_cap int, day_cap int, prefix_cap int, channel_cap int
) returns timestamptz
language plpgsql as $$
declare
  moment        timestamptz := strongroom.now();
  own           timestamptz[];
  of_prefix     notify.tallies;
  of_channel    notify.tallies;
  until         timestamptz;
begin
  insert into notify.recipients as r (channel, recipient) values (at_channel, at_recipient)
    on conflict (channel, recipient) do update set sent = r.sent
    returning array(select taken from unnest(r.sent) as taken where taken > moment - interval '1 day') into own;
  if at_prefix <> '' then
    of_prefix := notify.lock_tally(at_channel, at_prefix, moment);
  end if;
  of_channel := notify.lock_tally(at_channel, '', moment);

  until := greatest(
    notify.free_at(own, hour_cap, interval '1 hour', moment),
    notify.free_at(own, day_cap, interval '1 day', moment),
    case when of_prefix.sent >= prefix_cap then of_prefix.since + interval '1 day' end,
    case when of_channel.sent >= channel_cap then of_channel.since + interval '1 day' end
  );
  if until is not null then
    return until;
  end if;

  update notify.recipients set sent = own || moment where channel = at_channel and recipient = at_recipient;
  update notify.tallies set sent = sent + 1
   where channel = at_channel and prefix in ('', at_prefix);
  return null;
end $$;

-- The tally of the day that runs, locked; a day that is over starts anew.
create function notify.lock_tally(at_channel text, at_prefix text, moment timestamptz) returns notify.tallies
language sql as $$
  insert into notify.tallies as t (channel, prefix, since) values (at_channel, at_prefix, moment)
    on conflict (channel, prefix) do update
       set sent = case when t.since + interval '1 day' <= moment then 0 else t.sent end,
           since = case when t.since + interval '1 day' <= moment then moment else t.since end
    returning *
$$;

-- When one more send within the window is under the cap; null where it is now.
create function notify.free_at(sent timestamptz[], cap int, span interval, moment timestamptz) returns timestamptz
language sql stable as $$
  select case
    when cap is null then null
    when cap = 0 then moment + span
    -- the send that has to grow old: the cap-th newest
    else (select taken + span from unnest(sent) as taken where taken > moment - span
           order by taken desc offset cap - 1 limit 1)
  end
$$;
