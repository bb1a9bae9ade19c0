import { join } from 'node:path'

/** What stands in the directory of a SoftHSM token. */
export interface TokenPlaces {
  readonly tokens: string
  readonly backup: string
  readonly configuration: string
}

export const placesIn = (directory: string): TokenPlaces => ({
  tokens: join(directory, 'tokens'),
  backup: join(directory, 'tokens.backup'),
  configuration: join(directory, 'softhsm2.conf'),
})

/** SoftHSM calls the file that makes a token a token so; it truncates and rewrites it at every login. */
export const TOKEN_FILE = 'token.object'

export const configurationFor = (tokens: string): string =>
  [
    `directories.tokendir = ${tokens}`,
    'objectstore.backend = file',
    'log.level = ERROR',
    'slots.removable = false',
    '',
  ].join('\n')
