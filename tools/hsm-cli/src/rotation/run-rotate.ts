import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes, Refused, Unusable } from '../outcome.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Activated, KeyDesk, Published } from './key-desk.ts'
import { withDesk } from './with-desk.ts'

export interface RotateOptions {
  readonly app: string
  readonly yes?: boolean
  readonly json?: boolean
  /** Seconds to wait for the processes of the app; commander gives text. */
  readonly wait?: string
}

const LOOK_MS = 500
const WAIT_SECONDS = 60

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
    return { published: made, activated: await desk.activate() }
  })
  terminal.say(
    json === true ? JSON.stringify({ app, published, activated }, undefined, 2) : reportOf(app, published, activated),
  )
  return exitCodes.fine
}

/** Throws `Refused` naming those that have not. */
async function untilLoaded(desk: KeyDesk, waitMs: number): Promise<void> {
  const until = performance.now() + waitMs
  for (;;) {
    const behind = (await desk.status()).replicas.filter(({ isCurrent }) => !isCurrent)
    if (behind.length === 0) return
    if (performance.now() > until) {
      const names = behind.map(({ name }) => name).join(', ')
      throw new Refused(
        `not every process has loaded the new version (${names}): look at their logs, and run rotate again`,
      )
    }
    await pause(LOOK_MS)
  }
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

export function secondsOf(text: string | undefined): number {
  if (text === undefined) return WAIT_SECONDS
  if (!/^\d{1,5}$/.test(text)) throw new Unusable('--wait is a number of seconds')
  return Number(text)
}

/** Before what cannot be taken back, or costs hours. Throws `Unusable` or `Refused`. */
export async function confirmed(
  { ask }: Pick<Terminal, 'ask'>,
  { app, yes }: { readonly app: string; readonly yes?: boolean },
  what: string,
): Promise<void> {
  if (yes === true) return
  if (ask === undefined) throw new Unusable(`nobody is here to be asked whether to ${what}: say --yes`)
  const typed = await ask.text(`This will ${what}. Type the name of the app to go on`)
  if (typed.trim() !== app) throw new Refused('that was not the name of the app: nothing was done')
}
