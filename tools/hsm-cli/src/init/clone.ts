import { join } from 'node:path'
import { filePinLatch } from '@strongroom/hsm'
import type { AppToken } from '@strongroom/service/operator'
import { Unusable } from '../outcome.ts'
import { readPin } from '../pin.ts'
import { stateDirectory } from '../state-directory.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface CloneOptions {
  readonly cloneModule?: string
  readonly cloneModuleEnv?: string
  readonly cloneToken?: string
  readonly clonePinFile?: string
  readonly stateDirectory?: string
}

/** A device that holds the very keys of the first, and that no settings name. Throws `Unusable`. */
export async function cloneOf(
  first: AppToken,
  options: CloneOptions,
  terminal: Terminal,
): Promise<AppToken | undefined> {
  const { cloneModule, cloneModuleEnv, cloneToken: label, clonePinFile } = options
  if (label === undefined) {
    if ((cloneModule ?? cloneModuleEnv ?? clonePinFile) === undefined) return undefined
    throw new Unusable('say which token the clone is: --clone-token <label>')
  }
  if (label === first.tokenLabel && cloneModule === undefined)
    throw new Unusable('that is the first token itself: name the module of the second device with --clone-module')
  const pin = await readPin(terminal, { token: label, pinFile: clonePinFile })
  const environment = cloneModuleEnv === undefined ? undefined : variablesIn(cloneModuleEnv)
  const module = cloneModule === undefined ? first.module : { path: cloneModule, ...(environment && { environment }) }
  const directory = stateDirectory(options.stateDirectory, process.env)
  const pinLatch = filePinLatch(join(directory, `refused-pin-clone-${label.replaceAll(/[^\w-]/g, '_')}`))
  return { ...first, module, tokenLabel: label, pin, pinLatch }
}

/** `NAME=value`, with commas between. */
export function variablesIn(text: string): Readonly<Record<string, string>> {
  if (!/^\w+=[^,]*(,\w+=[^,]*)*$/.test(text))
    throw new Unusable('variables are written NAME=value, with commas between')
  return Object.fromEntries(text.split(',').map((one) => one.split(/=(.*)/s).slice(0, 2) as [string, string]))
}
