import { describeUse, type UseName } from '@strongroom/service'
import type { Context } from '../context.ts'
import { confirmed } from '../confirmed.ts'
import { type ExitCode, exitCodes } from '../outcome.ts'
import { secondsOf, untilLoaded } from './until-loaded.ts'
import { withDesks } from './with-desk.ts'

export interface RotateUseOptions {
  readonly app: string
  readonly key: UseName
  readonly yes?: boolean
  readonly json?: boolean
  readonly wait?: string
}

/** A new version of one key: values are looked for, or verified, by all versions, and made by the new one once every process has it. */
export async function rotateUse(options: RotateUseOptions, context: Context): Promise<ExitCode> {
  const { app, key, json } = options
  const name = describeUse(key)
  const { terminal } = context
  const waitMs = secondsOf(options.wait) * 1000
  await confirmed(terminal, options, `make a new version of ${name} of ${app}, and make values by it`)
  const { version } = await withDesks(app, context, async ({ keys, of }) => {
    const made = await of[key.job].publish(key.use)
    terminal.tell(`version ${String(made.version)} is made; waiting for the processes of ${app} to load it`)
    await untilLoaded(keys, waitMs)
    await of[key.job].activate(key.use)
    await untilLoaded(keys, waitMs)
    return made
  })
  const text = `Version ${String(version)} of ${name} of ${app} makes values from now on; strongroom-hsm status --app ${app} tells what still needs an older one.`
  terminal.say(json === true ? JSON.stringify({ app, [key.job]: key.use, version }, undefined, 2) : text)
  return exitCodes.fine
}
