import { expect, test } from 'vitest'
import { run } from './command-line.ts'

test('every command is listed, and help is no failure', async () => {
  const { code, said } = await run(['--help'])
  expect(code).toBe(0)
  for (const name of [
    'doctor',
    'init',
    'status',
    'rotate',
    'rewrap',
    'destroy',
    'verify',
    'bench',
    'move',
    'promote',
    'transcript',
  ])
    expect(said).toMatch(new RegExp(`^ +${name} `, 'm'))
})

test('a command that there is not, and none at all', async () => {
  expect(await run(['examine'])).toMatchObject({ code: 2, said: '', told: expect.stringContaining('unknown command') })
  expect(await run([])).toMatchObject({ code: 2 })
})

test('no option takes a PIN', async () => {
  for (const command of ['doctor', 'bench', 'init', 'move']) {
    const { said } = await run([command, '--help'])
    expect(said).not.toMatch(/--(\w+-)?pin </)
  }
})
