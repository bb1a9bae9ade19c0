import { type Query, sql } from '@strongroom/storage'

/**
 * What lets a role that owns nothing add and perform jobs, and nothing else: all else is taken away first. The tables
 * have row level security, so each takes a policy too. Statements of one transaction; the role's name travels as a value.
 */
export const grantToRuntime = (runtimeRole: string): readonly Query[] => [
  sql`select pg_advisory_xact_lock(hashtextextended('strongroom jobs grants', 0))`,
  sql`select set_config('strongroom.runtime_role', ${runtimeRole}, true)`,
  sql`
    do $grants$
    declare
      runtime constant text := current_setting('strongroom.runtime_role');
      kept text;
      allowed text;
    begin
      execute format('revoke all on all tables in schema graphile_worker from %I', runtime);
      execute format('grant usage on schema graphile_worker to %I', runtime);
      execute format('grant select on graphile_worker.migrations, graphile_worker.jobs to %I', runtime);
      for kept, allowed in values
        ('_private_jobs', 'select, insert, update, delete'),
        ('_private_job_queues', 'select, insert, update'),
        ('_private_tasks', 'select, insert'),
        ('_private_known_crontabs', 'select')
      loop
        execute format('grant %s on graphile_worker.%I to %I', allowed, kept, runtime);
        if not exists (select from pg_policies where schemaname = 'graphile_worker' and tablename = kept
                                                 and policyname = 'strongroom_runtime') then
          execute format('create policy strongroom_runtime on graphile_worker.%I to %I using (true) with check (true)',
                         kept, runtime);
        elsif not exists (select from pg_policies where schemaname = 'graphile_worker' and tablename = kept
                                                    and policyname = 'strongroom_runtime' and roles = array[runtime::name]) then
          execute format('alter policy strongroom_runtime on graphile_worker.%I to %I', kept, runtime);
        end if;
      end loop;
    end
    $grants$`,
]
