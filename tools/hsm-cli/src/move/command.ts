import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { type FinishOptions, runFinish } from './run-finish.ts'
import { type MoveOptions, runMove } from './run-move.ts'
import { type PromoteOptions, runPromote } from './run-promote.ts'

export function addMove(program: Command, run: Run): void {
  program
    .command('move')
    .description(
      'Carries an app that is stopped to another token: from SoftHSM to hardware, or to another of its class.',
    )
    .requiredOption('--app <name>', 'whose settings are in the environment; they name the token that is left')
    .option('--to-module <path>', 'the PKCS#11 library of the new token')
    .option('--to-token <label>', 'its label')
    .option('--to-pin-file <path>', 'a file with its PIN on the first line; you are asked without it')
    .option('--to-module-env <NAME=value>', 'what its library reads, with commas between')
    .option('--to-parameters <text>', 'what its library reads when it is initialised (NSS)')
    .option(
      '--copies <path>',
      'copies of MAC keys as init --movable wrote them; without it they must be on the new token',
    )
    .option('--safe-module <path>', 'the PKCS#11 library of the token that opens the copies')
    .option('--safe-token <label>', 'its label')
    .option('--safe-pin-file <path>', 'a file with its PIN on the first line; you are asked without it')
    .option('--safe-module-env <NAME=value>', 'what its library reads, with commas between')
    .option('--state-directory <path>', 'where a refused PIN of these two is remembered')
    .option('--new-signing-keys', 'signing keys cannot be carried, and whoever trusts the old ones was told')
    .option('--yes', 'asks nothing')
    .option('--json', 'one document in place of a report')
    .action((options: MoveOptions) => run((context) => runMove(options, context)))
  program
    .command('move-finish')
    .description('After the app has started on its new token: takes the one that was left out of every value.')
    .requiredOption('--app <name>', 'whose settings are in the environment; they name the new token by now')
    .requiredOption('--from-token <label>', 'the token that was left')
    .option('--yes', 'asks nothing')
    .option('--json', 'one document in place of a report')
    .action((options: FinishOptions) => run((context) => runFinish(options, context)))
  program
    .command('promote')
    .description('The first token is gone for good: makes a further one, which holds every value as well, the first.')
    .requiredOption('--app <name>', 'whose settings are in the environment; they still name both tokens')
    .requiredOption('--token <label>', 'the token that becomes the first')
    .option('--new-signing-keys', 'the signing keys are gone with the first token, and whoever trusts them was told')
    .option('--yes', 'asks nothing')
    .option('--json', 'one document in place of a report')
    .action((options: PromoteOptions) => run((context) => runPromote(options, context)))
}
