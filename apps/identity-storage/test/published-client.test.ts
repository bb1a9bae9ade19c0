import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startIdentityStorage, type World } from './client.ts'

const folder = join(import.meta.dirname, '../../../test/compat/tokend')
const run = promisify(execFile)

let world: World
beforeAll(async () => {
  world = await startIdentityStorage()
  // It has a lockfile of its own: what the published client drags along is nobody else's.
  if (!existsSync(join(folder, 'node_modules'))) await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
}, 120_000)
afterAll(() => world[Symbol.asyncDispose]())

test('the published client signs up, signs in, changes its password with factor and retry, and loses it', async () => {
  const { stdout } = await run('npm', ['test', '--silent', '--', world.app.baseUrls[0] ?? ''], {
    cwd: folder,
    env: { ...process.env, OUTBOX_URL: world.app.outbox.url },
  })
  expect(stdout).not.toContain('left out')
  expect(stdout).toMatch(/\b(\d+) of \1 promises kept/)
})

test('without an outbox it tells what it can, and says what it left out', async () => {
  const { stdout } = await run('npm', ['test', '--silent', '--', world.app.baseUrls[0] ?? ''], { cwd: folder })
  expect(stdout).toContain('left out')
})
