import { Command, CommanderError } from 'commander'
import { addBench } from './bench/command.ts'
import type { Context } from './context.ts'
import { addDoctor } from './doctor/command.ts'
import { type ExitCode, exitCodes } from './outcome.ts'
import { addInit, addTranscript } from './init/command.ts'
import { addVerify } from './verify/command.ts'
import { addMove } from './move/command.ts'
import { addRotation } from './rotation/command.ts'
import { tellFailure } from './tell-failure.ts'

/** How a command hands back its exit code. */
export type Run = (work: (context: Context) => Promise<ExitCode>) => Promise<void>

/** Runs what the command line asks for. Never throws what an operator can mend. */
export async function runCli(args: readonly string[], context: Context): Promise<ExitCode> {
  let code: ExitCode = exitCodes.fine
  const program = programWith(context, async (work) => {
    code = await work(context)
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.unusable
    return tellFailure(error, context.terminal)
  }
}

function programWith({ terminal }: Context, run: Run): Command {
  const program = new Command('strongroom-hsm')
  program
    .description('Looks at HSMs and the keys on them, makes and rotates keys, and proves what a database holds.')
    .configureOutput({
      writeOut: (text) => terminal.say(text.trimEnd()),
      writeErr: (text) => terminal.tell(text.trimEnd()),
    })
    .showHelpAfterError('(--help says what there is)')
    .exitOverride()
  for (const add of commands) add(program, run)
  // Options are inherited by hand, since commander copies these only to commands that are added after them.
  inheritSettings(program)
  return program
}

function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent)
    inheritSettings(command)
  }
}

const commands: readonly ((program: Command, run: Run) => void)[] = [
  addBench,
  addDoctor,
  addInit,
  addMove,
  addTranscript,
  addRotation,
  addVerify,
]
