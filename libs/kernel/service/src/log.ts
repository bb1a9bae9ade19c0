import { pino } from 'pino'

/** Only names, numbers and ids can be logged: there is no way to hand an object, a body or a header to a line. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  /** An error's name, code and stack; what its message quotes is cut out, for it may be what a caller sent. */
  caught(event: string, error: unknown, fields?: LogFields): void
  flush(): void
}

export function openLog(
  name: string,
  level: string,
  destination: ReturnType<typeof pino.destination> = pino.destination({ fd: 1, sync: false, minLength: 0 }),
): Log {
  const lines = pino({ level, base: { app: name }, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  // Whoever read our output went away; that is no reason to stop keeping keys.
  destination.on('error', () => undefined)
  return {
    debug: (event, fields = {}) => lines.debug(fields, event),
    info: (event, fields = {}) => lines.info(fields, event),
    warn: (event, fields = {}) => lines.warn(fields, event),
    error: (event, fields = {}) => lines.error(fields, event),
    caught: (event, error, fields = {}) => lines.error({ ...fields, ...describeError(error) }, event),
    flush() {
      try {
        destination.flushSync()
      } catch {
        // Not open yet, or gone.
      }
    },
  }
}

/** An error in fields that quote nobody. */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error }
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? error.code : undefined
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const cause = error.cause instanceof Error ? `${error.cause.name}: ${withoutQuotes(error.cause.message)}` : undefined
  return { error: error.name, code, message: withoutQuotes(error.message), cause, stack: frames.slice(0, 8).join('\n') }
}

/** PostgreSQL and parsers quote the value that displeased them; long runs of letters and digits may be keys or codes. */
const withoutQuotes = (message: string): string =>
  message
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`|\([^)]*\)=\([^)]*\)/g, '"…"')
    .replaceAll(/[A-Za-z0-9+/_=-]{24,}|\d{4,}/g, '…')
    .slice(0, 500)
