import type { Context } from '../context.ts'
import { confirmed } from '../confirmed.ts'
import { type ExitCode, exitCodes } from '../outcome.ts'
import { secondsOf, untilLoaded } from './until-loaded.ts'
import type { Activated, Published } from '@strongroom/service'
import { withDesk } from './with-desk.ts'

export interface RotateOptions {
  readonly app: string
  readonly yes?: boolean
  readonly json?: boolean
  /** Seconds to wait for the processes of the app; commander gives text. */
  readonly wait?: string
}

/** A new version on every token, loaded by every process of the app, and then the one that seals. Old versions go on opening. */
export async function runRotate(options: RotateOptions, context: Context): Promise<ExitCode> {
  const { app, json } = options
  const { terminal } = context
  const waitMs = secondsOf(options.wait) * 1000
  await confirmed(terminal, options, `make a new version of the keys of ${app} that seal and wrap, and seal by it`)
  const { published, activated } = await withDesk(app, context, async (desk) => {
    const made = await desk.publish()
    terminal.tell(`version ${String(made.version)} is on every token; waiting for the processes of ${app} to load it`)
    await untilLoaded(desk, waitMs)
    const active = await desk.activate()
    // Until they look they seal by the older version, and nothing of it could be looked for.
    await untilLoaded(desk, waitMs)
    return { published: made, activated: active }
  })
  terminal.say(
    json === true ? JSON.stringify({ app, published, activated }, undefined, 2) : reportOf(app, published, activated),
  )
  return exitCodes.fine
}

function reportOf(app: string, { version, made }: Published, { retired, outcome }: Activated): string {
  const were = outcome === 'was-active' ? 'seals already' : 'seals from now on'
  const keys = made.map(({ token, label }) => `"${label}" on "${token}"`).join(', ')
  return [
    `Version ${String(version)} of the keys of ${app} ${were}.${keys === '' ? '' : ` Made: ${keys}.`}`,
    retired.length === 0
      ? 'No older version was retired.'
      : `Version ${retired.join(', ')} opens only. Go on with strongroom-hsm rewrap --app ${app}, and then destroy it.`,
  ].join('\n')
}
