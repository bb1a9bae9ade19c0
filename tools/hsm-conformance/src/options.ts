import { parseArgs } from 'node:util'
import { type ProfileName, profileNames } from '@strongroom/hsm'

export interface Options {
  /** Of the module to judge; every one that is found without it. */
  readonly module: string | undefined
  /** What the module reads when it is initialised. */
  readonly libraryParameters: string | undefined
  /** A token that exists, in place of a throw-away one. */
  readonly token:
    { readonly label: string; readonly pinFile: string; readonly profile?: ProfileName | undefined } | undefined
  readonly output: 'markdown' | 'json'
}

export const usage = `Usage: npm run --silent conformance                                          every module on this machine
       npm run --silent conformance -- --module /path/lib.so                 SoftHSM, NSS, openCryptoki: a throw-away token
       npm run --silent conformance -- --module /path/lib.so --token label --pin-file file [--parameters text]
                                                                             [--profile name]
       with --json for one document in place of a report`

/** What the command line asks for, or one line that says what is wrong with it. */
export function readOptions(args: string[]): Options | string {
  try {
    const { values } = parseArgs({ args, options: known })
    const { module, token, 'pin-file': pinFile, parameters: libraryParameters } = values
    const profile = profileNames.find((name) => name === values.profile)
    if (profile !== values.profile) return `There is no such profile. Known are ${profileNames.join(', ')}.`
    if (profile !== undefined && token === undefined) return 'A profile is of a token of yours: --token names it.'
    if ((token === undefined) !== (pinFile === undefined))
      return 'A token wants both: --token names it, --pin-file has its PIN.'
    if (module === undefined && (token ?? libraryParameters) !== undefined)
      return 'Say on which module: --module /path/lib.so'
    return {
      module,
      libraryParameters,
      token: token !== undefined && pinFile !== undefined ? { label: token, pinFile, profile } : undefined,
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
  profile: { type: 'string' },
  token: { type: 'string' },
} as const
