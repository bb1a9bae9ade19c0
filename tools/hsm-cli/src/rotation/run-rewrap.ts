import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../outcome.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { describeProgress } from './describe-progress.ts'
import type { KeyDesk, RewrapProgress } from '@strongroom/service'
import { secondsOf, untilLoaded } from './until-loaded.ts'
import { withDesk } from './with-desk.ts'

export interface RewrapOptions {
  readonly app: string
  readonly json?: boolean
  /** Begins, or looks, and leaves the workers to it. */
  readonly watch: boolean
}

const LOOK_MS = 500

/** Has the workers of the app seal every declared value by the active version, and watches them. */
export async function runRewrap({ app, json, watch }: RewrapOptions, context: Context): Promise<ExitCode> {
  const { terminal } = context
  const progress = await withDesk(app, context, async (desk) => {
    await untilLoaded(desk, secondsOf(undefined) * 1000)
    const begun = await desk.beginRewrap()
    return watch ? watchOver(desk, begun, terminal) : begun
  })
  terminal.say(json === true ? JSON.stringify({ app, ...progress }, undefined, 2) : describeProgress(progress))
  const isFine = progress.unopenable === 0 && progress.state !== 'halted'
  return isFine ? exitCodes.fine : exitCodes.mend
}

/** Ctrl-C stops the watching alone: the workers go on. */
async function watchOver(desk: KeyDesk, begun: RewrapProgress, terminal: Terminal): Promise<RewrapProgress> {
  const bar = terminal.progress(`rewrapping to version ${String(begun.version)}`, begun.total)
  let now = begun
  let told = 0
  try {
    for (;;) {
      bar.advance(Math.max(0, now.done - told), describeProgress(now))
      told = Math.max(told, now.done)
      if (now.state !== 'running') return now
      await pause(LOOK_MS)
      now = await desk.rewrapProgress()
    }
  } finally {
    bar.end(describeProgress(now))
  }
}
