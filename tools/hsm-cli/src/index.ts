export { runCli } from './cli.ts'
export type { Context } from './context.ts'
export type { Asking, Progress, Terminal } from './terminal/terminal.ts'
