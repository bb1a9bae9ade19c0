import { isCancel, password, progress, text } from '@clack/prompts'
import { Secret, toUtf8 } from '@strongroom/crypto'
import { Unusable } from '../outcome.ts'
import type { Asking, Progress, Terminal } from './terminal.ts'

const output = process.stderr

/** This process's own; asks where a person is at it and was not told to be quiet. */
export const openTerminal = (): Terminal => ({
  say: (document) => void process.stdout.write(`${document}\n`),
  tell: (line) => void output.write(`${line}\n`),
  ask: process.stdin.isTTY && output.isTTY ? asking : undefined,
  progress: output.isTTY ? drawnProgress : toldProgress,
})

const asking: Asking = {
  password: async (message) => new Secret(toUtf8(given(await password({ message, output })))),
  text: async (message) => given(await text({ message, output })),
}

/** Ctrl-C is an answer. */
function given(answer: string | symbol): string {
  if (isCancel(answer) || typeof answer !== 'string')
    throw new Unusable('nothing was done: the question was not answered')
  return answer
}

function drawnProgress(title: string, total: number): Progress {
  const bar = progress({ max: Math.max(1, total), output })
  bar.start(title)
  return { advance: (steps, note) => bar.advance(steps, note), end: (note) => bar.stop(note) }
}

/** Into a log: a line at the end. */
const toldProgress = (): Progress => ({
  advance: () => undefined,
  end: (note) => void output.write(`${note}\n`),
})
