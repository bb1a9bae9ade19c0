import { expect, test } from 'vitest'
import { graphileLog } from './graphile-log.ts'
import { tellSafely } from './tell.ts'

const linesOf = (say: (logger: ReturnType<typeof graphileLog>) => void) => {
  const lines: unknown[] = []
  say(graphileLog(tellSafely({ log: (event, fields) => lines.push([event, fields]) })))
  return lines
}

test('a line of the library is told as its constant words, with names', () => {
  const error = Object.assign(new Error('duplicate key (email)=(ann@example.com)'), { code: '23505' })
  const lines = linesOf((logger) => {
    logger
      .scope({ label: 'worker', workerId: 'worker-1' })
      .error(`Failed to fail jobs '7': ${error.message}`, { error })
    logger.warn('Runner stopping (reason: ann)')
  })
  expect(lines).toEqual([
    ['jobs: Failed to fail jobs', { severity: 'error', label: 'worker', workerId: 'worker-1', error: 'Error 23505' }],
    ['jobs: Runner stopping', { severity: 'warning' }],
  ])
})

test('what is told elsewhere, and chatter, is not repeated', () => {
  expect(
    linesOf((logger) => {
      logger.error('Failed task 7 (codes.send) with error', { failure: true, job: { payload: { id: 1 } } })
      logger.info('Completed task 7')
      logger.debug('Found task 7')
    }),
  ).toEqual([])
})
