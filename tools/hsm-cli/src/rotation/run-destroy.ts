import type { Context } from '../context.ts'
import { type ExitCode, exitCodes, Refused } from '../outcome.ts'
import { describeReferences } from './run-status.ts'
import { confirmed } from '../confirmed.ts'
import { secondsOf, untilLoaded } from './until-loaded.ts'
import { versionNumber } from './version-number.ts'
import { withDesk } from './with-desk.ts'

export interface DestroyOptions {
  readonly app: string
  /** Commander gives text. */
  readonly version: string
  readonly yes?: boolean
  readonly json?: boolean
}

/** For ever: what was sealed by that version, and is in a backup, does not open afterwards. */
export async function runDestroy(options: DestroyOptions, context: Context): Promise<ExitCode> {
  const { app, json } = options
  const { terminal } = context
  const version = versionNumber(options.version)
  const destroyed = await withDesk(app, context, async (desk) => {
    const references = await desk.references(version)
    if (references.rows > 0)
      throw new Refused(
        `${describeReferences(references).join(' ').replaceAll('\n- ', ', ')}: run rewrap, and wait for what passes`,
      )
    const what = `destroy version ${String(version)} of the keys of ${app} for ever, with every backup that was sealed by it`
    await confirmed(terminal, options, what)
    await untilLoaded(desk, secondsOf(undefined) * 1000)
    return desk.destroy(version)
  })
  const lines = destroyed.destroyed.map(({ token, label }) => `"${label}" on "${token}" is destroyed.`)
  terminal.say(
    json === true
      ? JSON.stringify({ app, ...destroyed }, undefined, 2)
      : [...lines, `Version ${String(version)} is gone.`].join('\n'),
  )
  return exitCodes.fine
}
