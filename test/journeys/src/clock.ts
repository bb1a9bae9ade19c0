import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { commandEnvironment, commands } from './commands.ts'
import type { State } from './state.ts'

const run = promisify(execFile)

/** Moves the time of the state's world on, while all of it runs. */
export async function passDays(state: State, days: number): Promise<void> {
  const [node = '', ...words] = commands.clock
  const env = { ...process.env, ...commandEnvironment(state) }
  const { stdout } = await run(node, [...words, `+${String(days)}d`], { env })
  if (!/^It is .+ there now\.\n$/.test(stdout)) throw new Error(`the clock said ${stdout}`)
}
