import { appendEvent } from '@strongroom/audit'
import { column, type Query, readMigrations, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { type Attempt, type Budget, type Guess, MAX_DOUBLINGS } from './budget.ts'
import { guessCharged, guessGivenBack, guessSucceeded } from './events.ts'

export const guessMigrations = readMigrations('guesses', new URL('../migrations/', import.meta.url), {
  budgets: ['select', 'insert', 'update', 'delete'],
  decoys: ['select', 'update'],
  decoy_seed: ['select'],
})

const charge = z.object({ allowed: z.boolean(), number: column.count, epoch: column.count, until: column.instant })
export type Charge = z.output<typeof charge>

/**
 * Takes one guess away, if one is left, and writes the attempt to the audit log: one statement, durable when it
 * returns. The row lock makes it exact at any number of connections. A subject without a budget is
 * charged to a decoy, whose epoch is 0: nothing is ever settled or given back there, nor on a budget that opens meanwhile.
 */
export const chargeGuess = (database: Statements, budget: Budget, { subject, purpose }: Attempt): Promise<Charge> =>
  database.one(
    charge,
    sql`
    with known as (
      select epoch, charged, forgiven, cardinality(refunded) as refunds, wrong, window_start, window_length
        from guesses.budgets where kind = ${budget.kind} and subject = ${subject}
         for update
    ), decoy as (
      select slot, subject = ${subject} as mine, charged, window_start, window_length, wrong
        from guesses.decoys
       where slot = guesses.decoy_slot(${budget.kind}, ${subject}) and not exists (select from known)
         for update
    ), state as (
      select null::int as slot, * from known
      union all
      select slot, 0, case when mine then charged else 0 end, 0, 0, case when mine then wrong else 0 end,
             case when mine then window_start end, case when mine then window_length end
        from decoy
    ), windowed as (
      select *, coalesce(window_start + window_length <= strongroom.now(), true) as fresh from state
    ), next as (
      select *,
             fresh or charged - forgiven - refunds < ${budget.guesses} as allowed,
             case when fresh then strongroom.now() else window_start end as starts,
             case when fresh
                  then make_interval(secs => ${budget.window} * 2 ^ least(wrong / ${budget.guesses}, ${budget.growth === 'doubling' ? MAX_DOUBLINGS : 0}))
                  else window_length end as lasts
        from windowed
    ), charged_known as (
      update guesses.budgets as b
         set charged = n.charged + 1, wrong = n.wrong + 1, window_start = starts, window_length = lasts,
             forgiven = case when fresh then n.charged else n.forgiven end,
             refunded = case when fresh then '{}' else b.refunded end
        from next as n
       where n.allowed and n.slot is null and b.kind = ${budget.kind} and b.subject = ${subject}
    ), charged_decoy as (
      update guesses.decoys as d
         set subject = ${subject}, charged = case when fresh then 0 else n.charged end + 1, wrong = n.wrong + 1,
             window_start = starts, window_length = lasts
        from next as n
       where n.allowed and d.slot = n.slot
    ), logged as (
      ${appendEvent(guessCharged, {
        subject,
        detail: sql`jsonb_build_object('kind', ${budget.kind}::text, 'purpose', ${purpose}::text, 'guess', charged + 1, 'epoch', epoch)`,
        from: sql`next where allowed`,
      })}
    )
    select allowed, charged + 1 as number, epoch, starts + lasts as until from next`,
  )

/**
 * A right guess gives back the charges up to and including its own, never later ones. Committed asynchronously:
 * losing it costs a guess. `wrong` keeps what came before: only its own charge is taken off. A budget that was closed
 * and opened anew since may not have its charge.
 */
export const settleRight = (relaxed: Statements, { kind }: Budget, guess: Guess): Promise<number> =>
  relaxed.run(sql`
    with settled as (
      update guesses.budgets
         set forgiven = greatest(forgiven, ${guess.number}),
             refunded = array(select n from unnest(refunded) as n where n > ${guess.number}),
             wrong = greatest(wrong - 1, 0),
             window_start = case when charged > greatest(forgiven, ${guess.number}) then window_start end,
             window_length = case when charged > greatest(forgiven, ${guess.number}) then window_length end
       where kind = ${kind} and subject = ${guess.subject} and epoch = ${guess.epoch} and charged >= ${guess.number}
      returning 1
    )
    ${appendEvent(guessSucceeded, { subject: guess.subject, detail: told(kind, guess), from: sql`settled` })}`)

/** An outage proved that nothing was compared: that one charge comes back, once. */
export const giveBack = (relaxed: Statements, { kind }: Budget, guess: Guess): Promise<number> =>
  relaxed.run(sql`
    with given as (
      update guesses.budgets
         set refunded = refunded || ${guess.number}::bigint, wrong = greatest(wrong - 1, 0)
       where kind = ${kind} and subject = ${guess.subject} and epoch = ${guess.epoch} and charged >= ${guess.number}
         and forgiven < ${guess.number} and not ${guess.number}::bigint = any(refunded)
      returning 1
    )
    ${appendEvent(guessGivenBack, { subject: guess.subject, detail: told(kind, guess), from: sql`given` })}`)

const told = (kind: string, guess: Guess) =>
  sql`jsonb_build_object('kind', ${kind}::text, 'purpose', ${guess.purpose}::text,
                         'guess', ${guess.number}::bigint, 'epoch', ${guess.epoch}::int)`

/** Part of the statement or transaction that creates the secret. */
export const openBudget = ({ kind }: Budget, subject: string): Query =>
  sql`insert into guesses.budgets (kind, subject) values (${kind}, ${subject})`

/** The same for a subject that may have one: then it goes on as it is. */
export const keepBudget = (budget: Budget, subject: string): Query =>
  sql`${openBudget(budget, subject)} on conflict do nothing`

/** Part of the transaction that changes the secret: clears every counter and raises the epoch. */
export const renewBudget = ({ kind }: Budget, subject: string): Query => sql`
    update guesses.budgets
       set epoch = epoch + 1, charged = 0, forgiven = 0, refunded = '{}', wrong = 0, window_start = null, window_length = null
     where kind = ${kind} and subject = ${subject}`

/** Part of the transaction that erases the secret. */
export const closeBudget = (budget: Budget, subject: string): Query => closeBudgets(budget, sql`${subject}`)

/** The same for several: `subjects` is a text expression, or a query of one column. */
export const closeBudgets = ({ kind }: Budget, subjects: Query): Query =>
  sql`delete from guesses.budgets where kind = ${kind} and subject in (${subjects})`
