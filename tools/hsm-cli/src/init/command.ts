import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { type InitOptions, runInit } from './run-init.ts'
import { runVerifyTranscript, type VerifyTranscriptOptions } from './verify-command.ts'

export function addInit(program: Command, run: Run): void {
  program
    .command('init')
    .description(
      'Makes the keys of an app on all its tokens, and ends once a second device opened what the first sealed.',
    )
    .requiredOption('--app <name>', 'whose settings are in the environment, those of provision among them')
    .option('--transcript <path>', 'a new file for what was done, a line of JSON each, signed at the end')
    .option('--present <names>', 'who was there, as it shall stand in the transcript')
    .option('--clone-token <label>', 'a second device that holds the very keys of the first, by the vendor’s means')
    .option('--clone-module <path>', 'its PKCS#11 library; that of the first without it')
    .option('--clone-module-env <NAME=value>', 'what that library reads, with commas between')
    .option('--clone-pin-file <path>', 'a file with its PIN on the first line; you are asked without it')
    .option(
      '--movable <path>',
      'draws MAC keys with encrypted copies in this new file: without them the app cannot move to another make of token',
    )
    .option('--safe-module <path>', 'the PKCS#11 library of the token that opens those copies, and is kept in a safe')
    .option('--safe-token <label>', 'its label')
    .option('--safe-pin-file <path>', 'a file with its PIN on the first line; you are asked without it')
    .option('--safe-module-env <NAME=value>', 'what that library reads, with commas between')
    .option('--state-directory <path>', 'where a refused PIN of the clone, or of the token in the safe, is remembered')
    .option('--without-second-device <reason>', 'goes on with one device; the reason stands in the transcript')
    .option('--yes', 'asks nothing')
    .option('--json', 'one document in place of a report')
    .action((options: InitOptions) => run((context) => runInit(options, context)))
}

export function addTranscript(program: Command, run: Run): void {
  program
    .command('transcript')
    .description('What is known of a ceremony.')
    .command('verify')
    .description('Whether the transcript is as it was signed.')
    .argument('<file>')
    .requiredOption('--public-key <hex or file>', 'the key that was written down when the ceremony ended')
    .option('--json', 'one document in place of a line')
    .action((file: string, options: VerifyTranscriptOptions) =>
      run((context) => runVerifyTranscript(file, options, context)),
    )
}
