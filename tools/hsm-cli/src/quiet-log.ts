import type { Log } from '@strongroom/service/operator'
import type { Terminal } from './terminal/terminal.ts'

/** The app's own log lines, as far as a person should see them: names and numbers, and never on standard output. */
export function quietLog({ tell }: Pick<Terminal, 'tell'>): Log {
  const line: Log['info'] = (event, fields = {}) => {
    const known = Object.entries(fields).filter(([, value]) => value !== undefined)
    tell([event, ...known.map(([name, value]) => `${name}=${String(value)}`)].join(' '))
  }
  return {
    debug: () => undefined,
    info: line,
    warn: line,
    error: line,
    caught: (event, error) => tell(`${event}: ${error instanceof Error ? error.name : typeof error}`),
    flush: () => undefined,
  }
}
