import { readFileSync } from 'node:fs'
import { Secret, toUtf8 } from '@strongroom/crypto'
import { Unusable } from './outcome.ts'
import type { Terminal } from './terminal/terminal.ts'

/** From a file, or asked for: never from the command line, which everybody on the machine reads. Throws `Unusable`. */
export async function readPin(
  { ask }: Terminal,
  { token, pinFile }: { token: string; pinFile: string | undefined },
): Promise<Secret> {
  if (pinFile !== undefined) return pinIn(pinFile)
  if (ask === undefined)
    throw new Unusable(
      `nobody is here to be asked for the PIN of "${token}": name a file that holds it with --pin-file`,
    )
  return ask.password(`PIN of the token "${token}"`)
}

/** The first line; an editor may have ended it. */
function pinIn(path: string): Secret {
  const [line = ''] = textOf(path).split(/\r?\n/, 1)
  if (line === '') throw new Unusable(`there is no PIN in ${path}: write it on the first line`)
  return new Secret(toUtf8(line))
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new Unusable(`the PIN file ${path} cannot be read: correct its name, or its permissions`)
  }
}
