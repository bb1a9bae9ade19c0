import { parseArgs } from 'node:util'

export interface Options {
  readonly command: 'verify' | 'public-key'
  readonly app: string
  readonly deployment: string
  readonly output: 'text' | 'json'
  /** `file:/…`; the development world's without it. */
  readonly sink: string | undefined
  readonly databaseUrlFile: string | undefined
  readonly publicKeyFile: string | undefined
}

export const usage = `Usage: npm run audit -- verify     [--app key-server] [--sink file:/path] [--json]
                                   [--database-url-file path --public-key-file path] [--deployment strongroom]
       npm run audit -- public-key [--app key-server]   prints the signing key of the development world's token`

/** What the command line asks for, or one line that says what is wrong with it. */
export function readOptions(argv: string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: known })
    const [command, ...others] = positionals
    if ((command !== 'verify' && command !== 'public-key') || others.length > 0)
      return 'Say what to do: verify, or public-key.'
    const sink = values.sink
    if (sink !== undefined && !sink.startsWith('file:'))
      return 'The heads are read from a file: --sink file:/path. Bring those of a syslog or webhook receiver into one, a line of JSON each.'
    const given = values['database-url-file'] !== undefined
    if (given && (sink === undefined || values['public-key-file'] === undefined))
      return 'With --database-url-file say --public-key-file and --sink too: what the database itself says of them proves nothing.'
    return {
      command,
      app: values.app,
      deployment: values.deployment,
      output: values.json ? 'json' : 'text',
      sink,
      databaseUrlFile: values['database-url-file'],
      publicKeyFile: values['public-key-file'],
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const known = {
  app: { type: 'string', default: 'key-server' },
  deployment: { type: 'string', default: 'strongroom' },
  json: { type: 'boolean', default: false },
  sink: { type: 'string' },
  'database-url-file': { type: 'string' },
  'public-key-file': { type: 'string' },
} as const
