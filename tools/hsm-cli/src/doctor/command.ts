import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { type DoctorOptions, runDoctor } from './run-doctor.ts'

export function addDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('Looks at a module and its tokens, proves what they can do, and says what to mend.')
    .option('--module <path>', 'the PKCS#11 library; without it every module that is found, on throw-away tokens')
    .option('--token <label>', 'a token that exists; nothing is left on it')
    .option('--pin-file <path>', 'a file with its PIN on the first line; you are asked without it')
    .option('--profile <name>', 'whose make it is, where its own name does not tell')
    .option('--parameters <text>', 'what the module reads when it is initialised (NSS)')
    .option('--state-directory <path>', 'where a refused PIN is remembered, so that it is not tried again')
    .option('--app <name>', 'the tokens that the settings of this app name, and its recorded keys')
    .option('--json', 'one document in place of a report')
    .option('--for-documents', 'without what differs from machine to machine')
    .action((options: DoctorOptions) => run((context) => runDoctor(options, context)))
}
