import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ObjectStore, startObjectStore } from '@strongroom/object-store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startIdentityStorage, type World } from './client.ts'

const folder = join(import.meta.dirname, '../../../test/compat/tokend')
const run = promisify(execFile)

let store: ObjectStore
let world: World
beforeAll(async () => {
  store = await startObjectStore()
  const { accessKeyId, secretAccessKey, region, bucket } = store.access
  world = await startIdentityStorage({
    settings: {
      OBJECTS_URL: store.url,
      OBJECTS_REGION: region,
      OBJECTS_BUCKET: bucket,
      OBJECTS_ACCESS_KEY_ID: accessKeyId,
      OBJECTS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  })
  // It has a lockfile of its own: what the published client drags along is nobody else's.
  if (!existsSync(join(folder, 'node_modules'))) await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await store.close()
})

test('the published client signs up, signs in, changes its password with factor and retry, keeps blobs and documents, and loses it', async () => {
  const { stdout } = await run('npm', ['test', '--silent', '--', world.app.baseUrls[0] ?? ''], {
    cwd: folder,
    env: {
      ...process.env,
      OUTBOX_URL: world.app.outbox.url,
      OBJECTS_URL: `${store.url}/${store.access.bucket}`,
    },
  })
  expect(stdout).not.toContain('left out')
  expect(stdout).toMatch(/\b(\d+) of \1 promises kept/)
})

test('without an outbox it tells what it can, and says what it left out', async () => {
  const { stdout } = await run('npm', ['test', '--silent', '--', world.app.baseUrls[0] ?? ''], { cwd: folder })
  expect(stdout).toContain('left out')
})
