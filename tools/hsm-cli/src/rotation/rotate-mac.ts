import type { Context } from '../context.ts'
import { confirmed } from '../confirmed.ts'
import { type ExitCode, exitCodes } from '../outcome.ts'
import { secondsOf, untilLoaded } from './until-loaded.ts'
import { withDesks } from './with-desk.ts'

export interface RotateMacOptions {
  readonly app: string
  /** The use of the MAC key. */
  readonly mac: string
  readonly yes?: boolean
  readonly json?: boolean
  readonly wait?: string
}

/** A new version of one MAC key: values are looked for by all versions, and made by the new one once every process has it. */
export async function rotateMac(options: RotateMacOptions, context: Context): Promise<ExitCode> {
  const { app, mac, json } = options
  const { terminal } = context
  const waitMs = secondsOf(options.wait) * 1000
  await confirmed(terminal, options, `make a new version of the MAC key "${mac}" of ${app}, and make values by it`)
  const { version } = await withDesks(app, context, async ({ keys, macs }) => {
    const made = await macs.publish(mac)
    terminal.tell(`version ${String(made.version)} is on every token; waiting for the processes of ${app} to load it`)
    await untilLoaded(keys, waitMs)
    await macs.activate(mac)
    await untilLoaded(keys, waitMs)
    return made
  })
  const text = `Version ${String(version)} of the MAC key "${mac}" of ${app} makes values from now on; strongroom-hsm status --app ${app} tells what still needs an older one.`
  terminal.say(json === true ? JSON.stringify({ app, mac, version }, undefined, 2) : text)
  return exitCodes.fine
}
