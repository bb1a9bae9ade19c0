import { spawn } from 'node:child_process'
import { checkout } from './checkout.mjs'
import { die } from './say.mjs'

/** Becomes the given Node as far as a parent can: passes signals on, waits, and ends as it ended. */
export function handOver(executable, { args, environment }) {
  // Over the channel it notices when we are killed.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(executable, args, { cwd: checkout, env: environment, stdio })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  endWithNpm(child)
  child.once('error', (error) => die(error.message))
  child.once('exit', (code, signal) => process.exit(signal ? 1 : code))
}

/** npm tells the shell between us to end, and the shell does not tell us: what we see is another parent. */
function endWithNpm(child) {
  if (!process.env.npm_command) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, 250)
}
