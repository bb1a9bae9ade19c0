import { spawn } from 'node:child_process'
import { checkout } from './checkout.mjs'
import { die } from './say.mjs'

/** Becomes the given Node as far as a parent can: passes signals on, waits, and ends as it ended. */
export function handOver(executable, { args, environment }) {
  const child = spawn(executable, args, { cwd: checkout, env: environment, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => die(error.message))
  child.once('exit', (code, signal) => process.exit(signal ? 1 : code))
}
