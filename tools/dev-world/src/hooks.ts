import { join } from 'node:path'
import { hooksOf, makePrivateDirectory, type Places } from './places.ts'
import { keptSecret, writePrivately } from './private-file.ts'

/** The listener of an app that a node of its own asks, with a secret. */
export interface Hooks {
  readonly address: string
  /** What the app reads: a line `name=secret` for each node. */
  readonly secretsFile: string
}

/** The node's own secret, drawn the first time, lies beside it under the name `secret`. */
export function provideHooks(places: Places, { app, address }: { app: string; address: string }): Hooks {
  const directory = makePrivateDirectory(hooksOf(places, app))
  const secretsFile = join(directory, 'secrets')
  writePrivately(secretsFile, `node=${keptSecret(join(directory, 'secret'))}\n`)
  return { address, secretsFile }
}
