import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKeyServer } from './client.ts'
import { passTime } from './pass-time.ts'

const folder = join(import.meta.dirname, '../../../test/compat/photon-lib')
const run = promisify(execFile)

let app: TestApp
beforeAll(async () => {
  app = await startKeyServer()
  // It has a lockfile of its own: what the published client drags along is nobody else's.
  if (!existsSync(join(folder, 'node_modules'))) await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
}, 120_000)
afterAll(() => app.stop())

/** A command that moves the time of the app on by what follows it: `+31d`. It asks us, who may. */
async function startClock() {
  const server = createServer((request, response) => {
    const [, days = ''] = /^\/\+(\d+)d$/.exec(request.url ?? '') ?? []
    void passTime(app, `${days} days`).then(
      () => response.end(),
      () => response.destroy(),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`
  const command = `"${process.execPath}" -e 'await fetch("${url}" + process.argv[1])'`
  return { command, [Symbol.dispose]: () => void server.close() }
}

test('the published client lives its whole life: backups, users, a forgotten PIN, limits', async () => {
  using clock = await startClock()
  const { stdout } = await run('npm', ['test', '--silent', '--', app.baseUrls[0] ?? ''], {
    cwd: folder,
    env: { ...process.env, OUTBOX_URL: app.outbox.url, CLOCK_COMMAND: clock.command },
  })
  expect(stdout).not.toContain('left out')
  expect(stdout).toMatch(/\b(\d+) of \1 promises kept/)
})

test('without an outbox and a clock it tells what it can, and says what it left out', async () => {
  const { stdout } = await run('npm', ['test', '--silent', '--', app.baseUrls[0] ?? ''], { cwd: folder })
  expect(stdout).toContain('left out')
  const count = (pattern: RegExp) => [...stdout.matchAll(pattern)].length
  expect(stdout).toContain(`${String(count(/^ok /gm))} of ${String(count(/^(ok|left out) /gm))} promises kept`)
})
