import { Logger } from 'graphile-worker'
import { nameOfError, type Tell } from './tell.ts'

/**
 * The library's log without its texts, which quote errors: the constant words that a line begins with, and names. A
 * failed job is left out: `onFailed` tells it.
 */
export const graphileLog = ({ log }: Tell): Logger =>
  new Logger(({ label, workerId }) => (level, message, meta) => {
    if (level === 'debug' || level === 'info' || meta['failure'] === true) return
    const event = /^[A-Za-z][A-Za-z ]{0,60}/.exec(message)?.[0].trim() ?? 'said'
    const error = meta['error'] ?? meta['fatalError']
    log(`jobs: ${event}`, {
      severity: level,
      ...(label !== undefined && { label }),
      ...(workerId !== undefined && { workerId }),
      ...(error !== undefined && { error: nameOfError(error) }),
    })
  })
