import type { Terminal } from './terminal/terminal.ts'

/** What a command has of the world. */
export interface Context {
  readonly terminal: Terminal
  /** Where the settings of apps are read. */
  readonly env: NodeJS.ProcessEnv
  readonly now: () => Date
}
