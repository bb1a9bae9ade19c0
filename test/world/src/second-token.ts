import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { expect } from 'vitest'
import { moduleOf, type Settings, type TestApp } from './app.ts'

export interface SecondToken extends AsyncDisposable {
  readonly token: SoftToken
  /** What gives an app this token beside its own. */
  readonly settings: Settings
}

export async function secondToken(label: string): Promise<SecondToken> {
  const token = await softToken({ label })
  const { path, variables } = moduleOf(token)
  return {
    token,
    settings: {
      HSM_2_MODULE: path,
      HSM_2_MODULE_ENV: variables,
      HSM_2_TOKEN_LABEL: token.tokenLabel,
      HSM_2_PIN: Buffer.from(token.pin.expose()).toString('utf8'),
    },
    [Symbol.asyncDispose]: () => token.remove(),
  }
}

/** Has every sweep run at once, as an operator may. Waits until they were told: what they see is what is so now, not later. */
export async function sweepNow(app: TestApp): Promise<void> {
  await app.sql(`select graphile_worker.add_job('sweeps.run', '{}'::json)`)
  const untold = `select from graphile_worker.jobs where task_identifier = 'sweeps.run'`
  await expect.poll(() => app.sql(untold)).toEqual([])
}

/** How many rows of a column of envelopes have fewer recipients than two: the third byte counts them. */
export async function halfHeld(app: TestApp, columns: readonly (readonly [table: string, column: string])[]) {
  const counts = await Promise.all(
    columns.map(async ([table, column]) => {
      const [found] = await app.sql(
        `select count(*) filter (where get_byte(${column}, 2) < 2)::int as half, count(*)::int as rows from ${table}
          where ${column} is not null`,
      )
      return [`${table}.${column}`, { rows: Number(found?.['rows']), half: Number(found?.['half']) }] as const
    }),
  )
  return Object.fromEntries(counts)
}

/** The states of an app's tokens, its own first, as its health tells them. */
export async function tokenStates(baseUrl: string): Promise<string[]> {
  const answer = await fetch(`${baseUrl}/health/ready`)
  const { tokens } = (await answer.json()) as { tokens: { state: string }[] }
  return tokens.map(({ state }) => state)
}
