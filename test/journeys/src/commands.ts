import { dirname, join } from 'node:path'
import type { State } from './state.ts'

const commandIn = (file: string): readonly string[] => [
  process.execPath,
  '--conditions=@strongroom/source',
  join(import.meta.dirname, '../../../tools/dev-world/src', file),
]

/** What `npm run` runs beside a world, by name. */
export const commands = {
  clock: commandIn('clock-main.ts'),
  token: commandIn('login-token-main.ts'),
  vp: commandIn('presentation-main.ts'),
  sign: commandIn('sign-main.ts'),
  wallet: commandIn('wallet-main.ts'),
  scan: commandIn('scan-main.ts'),
}

/** By which a command finds the world of a state instead of the checkout's. */
export const commandEnvironment = ({ home }: State) => ({ STRONGROOM_STATE: dirname(home) })
