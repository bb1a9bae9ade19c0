import { openProver } from '@strongroom/hsm/inspection'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes, Refused, Unusable } from '../outcome.ts'
import { confirmed } from '../confirmed.ts'
import { verifyColumn } from '../verify/verify-columns.ts'
import { atMigrator } from './at-migrator.ts'
import { switchTokens } from './records.ts'
import { refuseSigningKeys } from './run-move.ts'

export interface PromoteOptions {
  readonly app: string
  readonly token: string
  readonly newSigningKeys?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/**
 * The first token is lost, and it is not asked. Each value is opened on the other one first: what only the lost token held
 * is named, and nothing is changed.
 */
export async function runPromote(options: PromoteOptions, context: Context): Promise<ExitCode> {
  const { app, json, token: label } = options
  const done = await atMigrator(options, context, async ({ service, database, from, others, keys }) => {
    const token = others.find(({ tokenLabel }) => tokenLabel === label)
    if (token === undefined)
      throw new Unusable(`no further token "${label}" is in the settings: leave both there until this is done`)
    refuseSigningKeys(keys, options)
    await confirmed(
      context.terminal,
      options,
      `make "${label}" the first token of ${app}, and never use "${from.tokenLabel}" again`,
    )
    const prover = await openProver({ tokens: [token], keys: keys.filter((key) => key.token === label) })
    const bar = context.terminal.progress(`looking whether "${label}" holds every value`, service.sealed.length)
    let rows = 0
    try {
      for (const column of service.sealed) {
        const verdict = await verifyColumn(column, { database, prover, onPage: () => undefined })
        bar.advance(1, column.name)
        rows += verdict.rows
        if (verdict.broken.length === 0) continue
        const ids = verdict.broken.map(({ id }) => id).join(', ')
        throw new Refused(
          `"${label}" does not hold ${column.name} ${ids}: they were sealed while it was away, and are lost with the first token; delete them, and run this again`,
        )
      }
    } finally {
      bar.end(`${String(rows)} values were looked at`)
      await prover.close()
    }
    await switchTokens(database, { from: from.tokenLabel, to: label })
    return { lost: from.tokenLabel, first: label, rows }
  })
  context.terminal.say(
    json === true
      ? JSON.stringify({ app, ...done }, undefined, 2)
      : [
          `"${done.first}" is the first token of ${app}, and opens all ${String(done.rows)} values.`,
          'Set HSM_MODULE, HSM_TOKEN_LABEL and HSM_PIN_FILE to it, and HSM_2_* to another device, or to nothing.',
          `Then run strongroom-hsm init --app ${app}: it makes the signing keys that are gone. Last, strongroom-hsm move-finish --app ${app} --from-token ${done.lost}.`,
        ].join('\n'),
  )
  return exitCodes.fine
}
