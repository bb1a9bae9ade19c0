import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { TokenMaker, TokenToJudge } from '@strongroom/hsm/conformance'
import type { Options } from './options.ts'

/** A module to judge, and what it is called in the report. */
export interface Subject extends TokenToJudge {
  readonly name: string
}

/** Where the bootstrap found them, else Debian's paths. */
const usualPlaces: readonly (readonly [TokenMaker, string, string])[] = [
  ['SoftHSM', 'PKCS11_MODULE', '/usr/lib/softhsm/libsofthsm2.so'],
  ['NSS', 'STRONGROOM_NSS_MODULE', '/usr/lib/x86_64-linux-gnu/libsoftokn3.so'],
  ['openCryptoki', 'STRONGROOM_OPENCRYPTOKI_MODULE', '/usr/lib/x86_64-linux-gnu/pkcs11/libopencryptoki.so'],
]

const fileNames: readonly (readonly [TokenMaker, RegExp])[] = [
  ['SoftHSM', /^libsofthsm2?\b/],
  ['NSS', /^libsoftokn3?\b/],
  ['openCryptoki', /^(libopencryptoki|PKCS11_API)\b/],
]

/** The modules to judge, or one line that says why there are none. */
export function findSubjects(options: Options, environment: NodeJS.ProcessEnv): readonly Subject[] | string {
  const { module: path } = options
  if (path === undefined) return everyModule(environment)
  if (!existsSync(path)) return `There is no module at ${path}.`
  const source = {
    path,
    ...(options.libraryParameters !== undefined && { libraryParameters: options.libraryParameters }),
  }
  const [maker] = fileNames.find(([, pattern]) => pattern.test(basename(path))) ?? []
  if (options.token !== undefined) {
    const { label, pinFile, profile } = options.token
    const pin = readPin(pinFile)
    if (pin === undefined) return `There is no PIN to read in ${pinFile}.`
    return [{ name: maker ?? basename(path), module: source, token: { label, pin, profile } }]
  }
  if (maker === undefined)
    return `How to make a throw-away token on ${basename(path)} is not known: say --token and --pin-file.`
  return [{ name: maker, module: source, token: maker }]
}

function everyModule(environment: NodeJS.ProcessEnv): readonly Subject[] | string {
  const found = usualPlaces
    .map(([maker, variable, place]) => ({
      name: maker,
      module: { path: environment[variable] ?? place },
      token: maker,
    }))
    .filter(({ module }) => existsSync(module.path))
  return found.length > 0 ? found : 'No PKCS#11 module was found: name one with --module /path/lib.so'
}

/** The first line; an editor may have ended it. */
function readPin(path: string): string | undefined {
  try {
    const [line = ''] = readFileSync(path, 'utf8').split(/\r?\n/, 1)
    return line === '' ? undefined : line
  } catch {
    return undefined
  }
}
