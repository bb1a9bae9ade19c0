import { HsmRefusal, HsmUnavailable, Unsupported } from '@strongroom/hsm'
import { CommandRefused, KeyRefused, StartRefused } from '@strongroom/service'
import { BadSettings, NeedsProvisioning } from '@strongroom/service/operator'
import { DatabaseUnavailable, MigrationMismatch } from '@strongroom/storage'
import { type ExitCode, exitCodes, Refused, Unusable } from './outcome.ts'
import type { Terminal } from './terminal/terminal.ts'

const refusals = [
  Refused,
  CommandRefused,
  HsmRefusal,
  HsmUnavailable,
  MigrationMismatch,
  NeedsProvisioning,
  StartRefused,
  Unsupported,
]

/** What an operator can mend in its own words; of anything else its name and code, since a message may quote a value. */
export function tellFailure(error: unknown, { tell }: Pick<Terminal, 'tell'>): ExitCode {
  if (error instanceof Unusable || error instanceof BadSettings) {
    tell(error.message)
    return exitCodes.unusable
  }
  if (error instanceof KeyRefused) {
    tell([error.message, ...error.details].join('\n'))
    return exitCodes.mend
  }
  tell(refusals.some((kind) => error instanceof kind) ? (error as Error).message : nameOf(error))
  return exitCodes.mend
}

const UNDEFINED_TABLE = '42P01'

function nameOf(error: unknown): string {
  if (error instanceof DatabaseUnavailable)
    return 'the database does not answer: start it, or correct DATABASE_URL; what refused PINs it remembers is not guessed'
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (code === UNDEFINED_TABLE || code === '3F000') return 'the database was never provisioned: run strongroom-hsm init'
  const name = error instanceof Error ? error.name : typeof error
  return `it failed (${[name, code].filter(Boolean).join(', ')}): look whether the database is there, and run it again`
}
