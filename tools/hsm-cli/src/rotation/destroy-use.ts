import { describeUse, type UseName } from '@strongroom/service'
import type { Context } from '../context.ts'
import { confirmed } from '../confirmed.ts'
import { type ExitCode, exitCodes } from '../outcome.ts'
import type { DestroyOptions } from './run-destroy.ts'
import { secondsOf, untilLoaded } from './until-loaded.ts'
import { versionNumber } from './version-number.ts'
import { withDesks } from './with-desk.ts'

/** For ever; refused while anything is known to need it. */
export async function destroyUse(
  { key, ...options }: DestroyOptions & { readonly key: UseName },
  context: Context,
): Promise<ExitCode> {
  const { app, json } = options
  const { terminal } = context
  const version = versionNumber(options.version)
  const what = `destroy version ${String(version)} of ${describeUse(key)} of ${app} for ever, with what it made in any backup`
  await confirmed(terminal, options, what)
  await withDesks(app, context, async ({ keys, of }) => {
    await untilLoaded(keys, secondsOf(undefined) * 1000)
    await of[key.job].destroy(key.use, version)
  })
  const text = `Version ${String(version)} of ${describeUse(key)} is gone.`
  terminal.say(json === true ? JSON.stringify({ app, [key.job]: key.use, version }, undefined, 2) : text)
  return exitCodes.fine
}
