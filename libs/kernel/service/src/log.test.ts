import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@strongroom/crypto'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { describeError, openLog } from './log.ts'

function written(work: (log: ReturnType<typeof openLog>) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-log-'))
  try {
    const path = join(folder, 'log')
    const log = openLog('test', 'info', pino.destination({ dest: path, sync: true }))
    work(log)
    log.flush()
    return readFileSync(path, 'utf8')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a line holds its event and fields', () => {
  expect(JSON.parse(written((log) => log.info('started', { port: 80 })))).toMatchObject({
    app: 'test',
    msg: 'started',
    port: 80,
  })
})

test.each([
  ['what PostgreSQL quotes', 'invalid input syntax for type uuid: "canary-value"'],
  ['a key that a constraint names', 'Key (id)=(canary-value) already exists'],
  ['digits of a code', 'code 904213 is canary-value'.replace('canary-value', 'wrong')],
  ['a long token', `bad token ${'canary'.repeat(6)}`],
])('an error is logged without %s', (_, message) => {
  const line = written((log) => log.caught('crashed', new Error(message)))
  expect(line).not.toMatch(/canary|904213/)
  expect(line).toContain('"error":"Error"')
  expect(line).toContain('log.test.ts')
})

test('what is thrown and no error is not printed', () => {
  expect(describeError('canary')).toEqual({ error: 'string' })
})

test('a secret cannot be handed to a line, and says nothing if it is', () => {
  // @ts-expect-error fields are names, numbers and ids
  expect(written((log) => log.info('oops', { pin: new Secret('canary') }))).toContain('[secret]')
})
