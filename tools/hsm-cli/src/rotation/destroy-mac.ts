import type { Context } from '../context.ts'
import { confirmed } from '../confirmed.ts'
import { type ExitCode, exitCodes } from '../outcome.ts'
import type { DestroyOptions } from './run-destroy.ts'
import { secondsOf, untilLoaded } from './until-loaded.ts'
import { versionNumber } from './version-number.ts'
import { withDesks } from './with-desk.ts'

/** For ever; refused while anything is known to need it. */
export async function destroyMac(
  { mac, ...options }: DestroyOptions & { readonly mac: string },
  context: Context,
): Promise<ExitCode> {
  const { app, json } = options
  const { terminal } = context
  const version = versionNumber(options.version)
  const what = `destroy version ${String(version)} of the MAC key "${mac}" of ${app} for ever, with what it made in any backup`
  await confirmed(terminal, options, what)
  await withDesks(app, context, async ({ keys, macs }) => {
    await untilLoaded(keys, secondsOf(undefined) * 1000)
    await macs.destroy(mac, version)
  })
  const text = `Version ${String(version)} of the MAC key "${mac}" is gone.`
  terminal.say(json === true ? JSON.stringify({ app, mac, version }, undefined, 2) : text)
  return exitCodes.fine
}
