import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { type BenchOptions, runBench } from './run-bench.ts'

export function addBench(program: Command, run: Run): void {
  program
    .command('bench')
    .description(
      'How often a token does what apps ask of it, beside OpenSSL in the same run; its keys are destroyed at the end.',
    )
    .option('--module <path>', 'the PKCS#11 library; without it every module that is found, on throw-away tokens')
    .option('--token <label>', 'a token that exists: keys are made on it, and destroyed')
    .option('--pin-file <path>', 'a file with its PIN on the first line; you are asked without it')
    .option('--profile <name>', 'whose make it is, where its own name does not tell')
    .option('--parameters <text>', 'what the module reads when it is initialised (NSS)')
    .option('--state-directory <path>', 'where a refused PIN is remembered, so that it is not tried again')
    .option('--executor <kind>', 'auto, inline or process')
    .option('--sessions <number>', 'of a process: how many work at once; 8 without it')
    .option('--milliseconds <number>', 'for each operation; 1000 without it')
    .option('--json', 'one document in place of a report')
    .action((options: BenchOptions) => run((context) => runBench(options, context)))
}
