import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { State } from './state.ts'

const run = promisify(execFile)

/** What `npm run clock` runs; how far follows it. */
export const clockCommand = [
  process.execPath,
  '--conditions=@strongroom/source',
  join(import.meta.dirname, '../../../tools/dev-world/src/clock-main.ts'),
]

/** By which the command finds the world of a state instead of the checkout's. */
export const clockEnvironment = ({ home }: State) => ({ STRONGROOM_STATE: dirname(home) })

/** Moves the time of the state's world on, while all of it runs. */
export async function passDays(state: State, days: number): Promise<void> {
  const [node = '', ...words] = clockCommand
  const env = { ...process.env, ...clockEnvironment(state) }
  const { stdout } = await run(node, [...words, `+${String(days)}d`], { env })
  if (!/^It is .+ there now\.\n$/.test(stdout)) throw new Error(`the clock said ${stdout}`)
}
