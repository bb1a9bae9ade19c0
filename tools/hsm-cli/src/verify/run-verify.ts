import { openProver } from '@strongroom/hsm/inspection'
import type { Settings } from '@strongroom/service'
import { recoveryKeyBinding, sealedRecoveryKey } from '@strongroom/service/operator'
import { type AppDesk, atAppDesk } from '../app-desk.ts'
import type { Context } from '../context.ts'
import { list, table } from '../markdown.ts'
import { type ExitCode, exitCodes } from '../outcome.ts'
import { type ColumnVerdict, verifyColumn, verifyValue } from './verify-columns.ts'

export interface VerifyOptions {
  readonly app: string
  readonly json?: boolean
}

/** Opens every envelope of every declared column on every token that it is for, and says which do not. */
export async function runVerify({ app, json }: VerifyOptions, context: Context): Promise<ExitCode> {
  const { terminal } = context
  const columns = await atAppDesk(app, context, (desk) => verifyAll(desk, context))
  const isWhole = columns.every(({ broken }) => broken.length === 0)
  terminal.say(
    json === true
      ? JSON.stringify({ app, verdict: isWhole ? 'fine' : 'broken', columns }, undefined, 2)
      : reportOf(app, columns),
  )
  return isWhole ? exitCodes.fine : exitCodes.mend
}

/** Also what `move` ends with. */
export async function verifyAll<S extends Settings>(
  { service, database, tokens, keys }: AppDesk<S>,
  { terminal }: Context,
): Promise<readonly ColumnVerdict[]> {
  const prover = await openProver({ tokens, keys })
  const bar = terminal.progress('verifying', service.sealed.length)
  const verdicts: ColumnVerdict[] = []
  let rows = 0
  try {
    for (const column of service.sealed) {
      const onPage = (more: number) => {
        rows += more
        bar.advance(0, `${column.name}: ${String(rows)} rows so far`)
      }
      verdicts.push(await verifyColumn(column, { database, prover, onPage }))
      bar.advance(1)
    }
    const envelope = service.recovery && (await sealedRecoveryKey(database))
    if (envelope !== undefined) {
      const value = { envelope, binding: recoveryKeyBinding(service.name) }
      verdicts.push(await verifyValue('keystore.recovery_key', value, prover))
    }
    return verdicts
  } finally {
    bar.end(`${String(rows)} rows were opened`)
    await prover.close()
  }
}

function reportOf(app: string, columns: readonly ColumnVerdict[]): string {
  const broken = columns.flatMap(({ column, broken: rows }) => rows.map((row) => ({ column, ...row })))
  const incomplete = columns.reduce((sum, one) => sum + one.incomplete, 0)
  return [
    `# Sealed values of ${app}`,
    broken.length === 0 ? '**Every value opens.**' : `**${String(broken.length)} values do not open.**`,
    table(
      ['column', 'rows', 'open on every token', 'lack a token', 'do not open'],
      columns.map((one) => [
        one.column,
        String(one.rows),
        String(one.whole),
        String(one.incomplete),
        String(one.broken.length),
      ]),
    ),
    ...(broken.length === 0
      ? []
      : [
          '## What does not open',
          list(
            broken.map(({ column, id, fault, tokens }) => {
              const where = tokens.length > 0 ? `, on ${tokens.map((label) => `"${label}"`).join(', ')}` : ''
              return `${column}${id === '' ? '' : ` ${id}`}: ${fault}${where}`
            }),
          ),
          'It was altered, moved from another row, or belongs to keys that are gone: compare the row with a backup of the database of the same day.',
        ]),
    ...(incomplete === 0
      ? []
      : [
          'What lacks a token opens on another one. A worker adds the recipients once all tokens are healthy; look at its log where it does not.',
        ]),
  ].join('\n\n')
}
