import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { demandProgram, runInOneShell } from './one-shell.ts'

test('what one line sets the next ones see, and each has its own output and exit code', async () => {
  const ran = await runInOneShell(['A=1', 'echo "$A"', 'echo two >&2; (exit 3)'], { directory: tmpdir() })
  expect(ran.map(({ output, exitCode }) => [output, exitCode])).toEqual([
    ['', 0],
    ['1', 0],
    ['two', 3],
  ])
})

test('a program that is missing is named', () => {
  expect(() => demandProgram('no-such-program')).toThrow('no-such-program, which is not installed here')
})
