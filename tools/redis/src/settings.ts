export interface Access {
  readonly port: number
  readonly password: string
}

/** Nothing is written to disk, and what does not fit is refused: a key that was evicted would look like one that expired. */
export const settingsOf = ({ port, password }: Access): string =>
  [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    'save ""',
    'appendonly no',
    'maxmemory 64mb',
    'maxmemory-policy noeviction',
    'daemonize no',
    'logfile ""',
    '',
  ].join('\n')

/** With the user's name: `redis-cli -u` takes an empty one at its word. */
export const urlOf = ({ port, password }: Access): string => `redis://default:${password}@127.0.0.1:${port}`
