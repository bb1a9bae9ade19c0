import { parseArgs } from 'node:util'

export interface Options {
  /** Of the module to judge; every one that is found without it. */
  readonly module: string | undefined
  /** What the module reads when it is initialised. */
  readonly libraryParameters: string | undefined
  /** A token that exists, in place of a throw-away one. */
  readonly token: { readonly label: string; readonly pinFile: string } | undefined
  readonly output: 'markdown' | 'json'
}

export const usage = `Usage: npm run --silent conformance                                          every module on this machine
       npm run --silent conformance -- --module /path/lib.so                 SoftHSM, NSS, openCryptoki: a throw-away token
       npm run --silent conformance -- --module /path/lib.so --token label --pin-file file [--parameters text]
       with --json for one document in place of a report`

/** What the command line asks for, or one line that says what is wrong with it. */
export function readOptions(args: string[]): Options | string {
  try {
    const { values } = parseArgs({ args, options: known })
    const { module, token, 'pin-file': pinFile, parameters: libraryParameters } = values
    if ((token === undefined) !== (pinFile === undefined))
      return 'A token wants both: --token names it, --pin-file has its PIN.'
    if (module === undefined && (token ?? libraryParameters) !== undefined)
      return 'Say on which module: --module /path/lib.so'
    return {
      module,
      libraryParameters,
      token: token !== undefined && pinFile !== undefined ? { label: token, pinFile } : undefined,
      output: values.json ? 'json' : 'markdown',
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const known = {
  json: { type: 'boolean', default: false },
  module: { type: 'string' },
  parameters: { type: 'string' },
  'pin-file': { type: 'string' },
  token: { type: 'string' },
} as const
