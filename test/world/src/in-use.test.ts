import { expect, test } from 'vitest'
import { onceFree } from './in-use.ts'

const inUse = Object.assign(new Error('is being accessed by other users'), { code: '55006' })

/** Fails so often, then answers with how often it was tried. */
function failing(times: number, error: Error) {
  let tries = 0
  return async () => {
    if (tries++ < times) throw error
    return tries
  }
}

test('a database in use is waited for, and not for ever', async () => {
  expect(await onceFree(failing(3, inUse))).toBe(4)
  await expect(onceFree(failing(100, inUse))).rejects.toThrow(inUse)
})

test('what fails otherwise fails at once', async () => {
  const other = Object.assign(new Error('there is none of this name'), { code: '3D000' })
  await expect(onceFree(failing(1, other))).rejects.toThrow(other)
})
