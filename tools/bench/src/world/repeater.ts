import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'

/** A process of `src/hsm` that repeats an operation when it is asked to. */
export interface Repeater {
  readonly child: Child
  stop(): Promise<void>
}

export async function startRepeater(script: string): Promise<Repeater> {
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-hsm-'))
  const environment = { PATH: process.env['PATH'] }
  const child = startChild({ script: `tools/bench/src/hsm/${script}.ts`, environment, log: join(scratch, 'log') })
  const stop = async () => {
    await child.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
  await child.told('ready')
  return { child, stop }
}
