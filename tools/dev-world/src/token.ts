import { existsSync, statSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { backupSoftToken, healSoftToken, initSoftToken } from '@strongroom/hsm/soft-token'
import { makePrivateDirectory, tokenOf, type Places } from './places.ts'
import { keptSecret } from './private-file.ts'
import type { TokenAccess } from './world-file.ts'

export interface AppToken extends TokenAccess {
  readonly directory: string
  readonly module: string
}

/** The SoftHSM token of an app, made the first time: in a folder of its own, so that no app can see another's keys. */
export async function provideToken(
  places: Places,
  { app, module }: { app: string; module: string },
): Promise<AppToken> {
  const directory = makePrivateDirectory(tokenOf(places, app))
  const pinFile = join(directory, 'pin')
  const held = existsSync(join(directory, 'tokens'))
  if (held && !existsSync(pinFile)) throw new Error(`the token in ${directory} has lost its PIN: put ${pinFile} back`)
  // Before there could be a reason to make a new one: what a crash took away is in the copy.
  await healSoftToken(directory)
  const pin = keptSecret(pinFile)
  const { softhsmConf } = await initSoftToken({ module, directory, label: app, pin })
  return { directory, label: app, pinFile, softhsmConf, module: await copyModule(module, directory) }
}

/** A copy of the module is an instance of its own, with its own configuration: one process may hold two tokens. */
async function copyModule(module: string, directory: string): Promise<string> {
  const copy = join(directory, basename(module))
  // A release of the module under the same name: the copy follows it.
  if (!existsSync(copy) || statSync(copy).size !== statSync(module).size) await copyFile(module, copy)
  return copy
}

/** SoftHSM truncates its object files before it writes them: a process killed between the two loses the token. */
export const healToken = ({ directory }: AppToken): Promise<void> => healSoftToken(directory)

export const backupToken = ({ directory }: AppToken): Promise<void> => backupSoftToken(directory)
