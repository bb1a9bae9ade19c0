import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { destroyUse } from './destroy-use.ts'
import { rotateUse } from './rotate-use.ts'
import { type DestroyOptions, runDestroy } from './run-destroy.ts'
import { type RewrapOptions, runRewrap } from './run-rewrap.ts'
import { type RotateOptions, runRotate } from './run-rotate.ts'
import { runStatus, type StatusOptions } from './run-status.ts'
import { useOf, type UseOptions } from './use-option.ts'

export function addRotation(program: Command, run: Run): void {
  withCommon(program.command('status'))
    .description('The keys of an app, their versions, who has loaded them, and what still needs an old one.')
    .action((options: StatusOptions) => run((context) => runStatus(options, context)))
  withCommon(program.command('rotate'))
    .description(
      'Makes a new version of the keys that seal and wrap, and seals by it once every process has loaded it.',
    )
    .option('--mac <use>', 'the MAC key of that use instead, as status tells it')
    .option('--sign <use>', 'the signing key of that use instead')
    .option('--wait <seconds>', 'how long to wait for the processes of the app; 60 without it')
    .option('--yes', 'asks nothing')
    .action((options: RotateOptions & UseOptions) =>
      run((context) => {
        const key = useOf(options)
        return key ? rotateUse({ ...options, key }, context) : runRotate(options, context)
      }),
    )
  withCommon(program.command('rewrap'))
    .description('Has the workers seal every value by the newest version, and watches them.')
    .option('--no-watch', 'begins, or tells how far it is, and leaves the workers to it')
    .action((options: RewrapOptions) => run((context) => runRewrap(options, context)))
  withCommon(program.command('destroy'))
    .description('Destroys a retired version that nothing refers to, on every token, for ever.')
    .requiredOption('--version <number>', 'which one, as status tells it')
    .option('--mac <use>', 'of the MAC key of that use')
    .option('--sign <use>', 'of the signing key of that use')
    .option('--yes', 'asks nothing')
    .action((options: DestroyOptions & UseOptions) =>
      run((context) => {
        const key = useOf(options)
        return key ? destroyUse({ ...options, key }, context) : runDestroy(options, context)
      }),
    )
}

const withCommon = (command: Command): Command =>
  command
    .requiredOption('--app <name>', 'whose settings are in the environment, those of provision among them')
    .option('--json', 'one document in place of a report')
