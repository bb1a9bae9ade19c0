import type { TestApp } from '@strongroom/test-world'

/** Jobs are gone when they are done; whoever copies the database at another moment sees others. */
export const keepEveryJob = ({ sql }: Pick<TestApp, 'sql'>) =>
  sql(`
    create schema attacker;
    create table attacker.jobs (like graphile_worker._private_jobs);
    create function attacker.keep() returns trigger language plpgsql security definer as $$
      begin insert into attacker.jobs select new.*; return null; end $$;
    create trigger keep after insert or update on graphile_worker._private_jobs
      for each row execute function attacker.keep()`)
