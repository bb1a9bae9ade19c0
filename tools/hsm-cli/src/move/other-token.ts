import { join } from 'node:path'
import { filePinLatch } from '@strongroom/hsm'
import type { AppToken } from '@strongroom/service/operator'
import { variablesIn } from '../init/clone.ts'
import { Unusable } from '../outcome.ts'
import { readPin } from '../pin.ts'
import { stateDirectory } from '../state-directory.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** A token that no settings name yet, as a command line does. */
export interface OtherToken {
  readonly module: string | undefined
  readonly label: string | undefined
  readonly pinFile: string | undefined
  readonly moduleEnv: string | undefined
  readonly parameters: string | undefined
  readonly stateDirectory: string | undefined
  /** Of its options: `--to`, `--safe`. */
  readonly prefix: string
}

/** Like the app’s first token in all but where it is. Throws `Unusable`. */
export async function otherToken(first: AppToken, other: OtherToken, terminal: Terminal): Promise<AppToken> {
  const { module: path, label, pinFile, moduleEnv, parameters: libraryParameters, prefix } = other
  if (path === undefined || label === undefined)
    throw new Unusable(`say which token: ${prefix}-module /path/lib.so ${prefix}-token <label>`)
  const environment = moduleEnv === undefined ? undefined : variablesIn(moduleEnv)
  const pin = await readPin(terminal, { token: label, pinFile })
  const directory = stateDirectory(other.stateDirectory, process.env)
  const { profile: _, ...known } = first
  return {
    ...known,
    module: {
      path,
      ...(environment && { environment }),
      ...(libraryParameters !== undefined && { libraryParameters }),
    },
    tokenLabel: label,
    pin,
    pinLatch: filePinLatch(join(directory, `refused-pin-${label.replaceAll(/[^\w-]/g, '_')}`)),
  }
}
