import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { runVerify, type VerifyOptions } from './run-verify.ts'

export function addVerify(program: Command, run: Run): void {
  program
    .command('verify')
    .description('Opens every sealed value of the app’s database on every token, and names those that do not open.')
    .requiredOption('--app <name>', 'whose settings are in the environment')
    .option('--json', 'one document in place of a report')
    .action((options: VerifyOptions) => run((context) => runVerify(options, context)))
}
