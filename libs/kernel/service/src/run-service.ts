import { HsmRefusal } from '@strongroom/hsm'
import { MigrationMismatch } from '@strongroom/storage'
import { acceptRestore } from './accept-restore.ts'
import { StartRefused } from './doors.ts'
import { type Log, openLog } from './log.ts'
import { provision } from './provision.ts'
import { NeedsProvisioning } from './needs-provisioning.ts'
import { readRole } from './role.ts'
import { type Running, serve } from './serve.ts'
import { CommandRefused, type Service } from './service.ts'
import { runCommand } from './run-command.ts'
import { BadSettings, type Settings } from './settings.ts'
import { stopWhenTold } from './stop-when-told.ts'

/** Exit codes, as in sysexits(3) where it has one. */
const exit = { fine: 0, failed: 1, usage: 64, needsProvisioning: 78 } as const

/**
 * The whole life of an app's process. `main.ts serve` (or nothing) serves, `--role` says what; `main.ts provision` runs migrations and
 * makes keys; `accept-restore` goes on with a database that was rolled back. SIGTERM and SIGINT drain; so does the end of a parent that holds an IPC channel.
 */
export async function runService<S extends Settings>(service: Service<S>): Promise<void> {
  const [command = 'serve', ...options] = process.argv.slice(2)
  const role = readRole(options)
  const log = openLog(service.name, process.env['LOG_LEVEL'] ?? 'info')
  process.on('uncaughtException', (error) => end(log, error))
  process.on('unhandledRejection', (error) => end(log, error))
  process.stdout.on('error', () => undefined)
  try {
    if (command === 'provision' && options.length === 0) {
      await provision(service, process.env, log)
      finish(log, exit.fine)
    } else if (command === 'accept-restore' && options.length === 0) {
      process.stdout.write(`${await acceptRestore(service, { env: process.env, log })}\n`)
      finish(log, exit.fine)
    } else if (command === 'serve' && role) {
      goOn(await serve(service, { env: process.env, role, log }), log)
    } else if (service.commands && Object.hasOwn(service.commands, command)) {
      const told = await runCommand(service, { name: command, given: options, env: process.env, log })
      process.stdout.write(`${told}\n`)
      finish(log, exit.fine)
    } else {
      process.stderr.write(usageOf(service))
      finish(log, exit.usage)
    }
  } catch (error) {
    end(log, error)
  }
}

function usageOf<S extends Settings>({ commands = {} }: Service<S>): string {
  const more = Object.entries(commands).map(
    ([name, { takes, summary }]) =>
      `       main.ts ${[name, ...takes.map((one) => `<${one}>`)].join(' ')}   ${summary}\n`,
  )
  return `usage: main.ts [serve [--role=api|worker|all] | provision | accept-restore]\n${more.join('')}`
}

/** The signals first: who hears that it listens may end it at once. */
function goOn(running: Running, log: Log) {
  stopWhenTold(running, {
    log,
    signals: process,
    ended: (outcome) => {
      if (outcome === 'drained') finish(log, exit.fine)
      end(log, outcome === 'too late' ? new Error('draining took too long') : outcome.error)
    },
  })
  log.info('listening', { port: running.port, managementPort: running.managementPort })
  process.send?.({ listening: running.port, beside: running.beside })
}

const expected = [CommandRefused, BadSettings, StartRefused, NeedsProvisioning, MigrationMismatch, HsmRefusal]

/** What an operator can mend is said in its own words on stderr; anything else is logged as a crash. */
function end(log: Log, error: unknown): never {
  const known = expected.some((kind) => error instanceof kind)
  if (known) process.stderr.write(`${(error as Error).message}\n`)
  else log.caught('process failed', error)
  return finish(log, error instanceof NeedsProvisioning ? exit.needsProvisioning : exit.failed)
}

function finish(log: Log, code: number): never {
  log.flush()
  process.exit(code)
}
