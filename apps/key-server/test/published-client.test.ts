import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { startKeyServer } from './client.ts'

const folder = join(import.meta.dirname, '../../../test/compat/photon-lib')
const run = promisify(execFile)

beforeAll(async () => {
  // It has a lockfile of its own: what the published client drags along is nobody else's.
  if (!existsSync(join(folder, 'node_modules'))) await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
}, 120_000)

test('the published client creates a backup, restores it and changes its PIN', async () => {
  await using app = await startKeyServer()
  const { stdout } = await run('npm', ['test', '--silent', '--', app.baseUrls[0] ?? ''], { cwd: folder })
  expect(stdout).toMatch(/9 of 9/)
})
