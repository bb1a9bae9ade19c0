import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { ModuleSource } from '@strongroom/hsm'
import type { TokenMaker, TokenToInspect } from '@strongroom/hsm/inspection'

/** A token to look at, and what it is called in the report. */
export interface Subject {
  readonly name: string
  readonly look: TokenToInspect
  /** `throw-away`: what it cannot do is worth knowing, and nobody's fault. */
  readonly kind: 'throw-away' | 'own'
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

const throwAway = (name: TokenMaker, path: string): Subject => ({
  name,
  kind: 'throw-away',
  look: { module: { path }, token: name },
})

/** Every module of this machine that we can make a throw-away token on. */
export const everySubject = (environment: NodeJS.ProcessEnv): readonly Subject[] =>
  usualPlaces
    .map(([maker, variable, place]) => throwAway(maker, environment[variable] ?? place))
    .filter(({ look }) => existsSync(look.module.path))

/** On a throw-away token where its maker is known; else the module alone, and its slots. */
export function moduleSubject(module: ModuleSource): Subject {
  const maker = existsSync(module.path) ? makerOf(module.path) : undefined
  return maker === undefined || module.libraryParameters !== undefined
    ? { name: basename(module.path), kind: 'own', look: { module } }
    : throwAway(maker, module.path)
}

export const makerOf = (path: string): TokenMaker | undefined =>
  fileNames.find(([, pattern]) => pattern.test(basename(path)))?.[0]
