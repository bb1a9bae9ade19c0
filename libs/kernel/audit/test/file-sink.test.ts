import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileSink, type Head, headsInFile, SinkRefused, SinkUnavailable } from '../src/index.ts'
import { type AuditToken, auditToken, auditWorld, memorySink } from './world.ts'

let token: AuditToken
let directory: string
let files = 0
beforeAll(async () => {
  token = await auditToken()
  directory = mkdtempSync(join(tmpdir(), 'strongroom-heads-'))
})
afterAll(async () => {
  rmSync(directory, { recursive: true })
  await token[Symbol.asyncDispose]()
})

const newFile = () => join(directory, `${String(++files)}.jsonl`)
const headsIn = async (path: string) => {
  const heads: Head[] = []
  for await (const head of headsInFile(path)) heads.push(head)
  return heads
}
const positionsIn = async (path: string) => (await headsIn(path)).map(({ position }) => position)

test('each head is one line of a file that only its owner may read', async () => {
  await using world = await auditWorld(token)
  const path = newFile()
  for (const subject of ['a', 'b']) {
    await world.record(subject)
    await world.sweep(fileSink(path))
    await world.sweep(fileSink(path))
  }
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(
    readFileSync(path, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Head),
  ).toMatchObject([{ position: 1, deployment: 'test', app: 'key-server' }, { position: 2 }])
  expect(await world.verify({ heads: await headsIn(path) })).toMatchObject({ ok: true })
})

test('a line that a crash cut off is passed over, and the head comes again', async () => {
  await using world = await auditWorld(token)
  const path = newFile()
  await world.record('a')
  await world.sweep(fileSink(path))
  appendFileSync(path, readFileSync(path, 'utf8').slice(0, 40))
  await world.record('b')
  await world.sweep(fileSink(path))
  expect(await positionsIn(path)).toEqual([1, 2])
})

test('a file that was lost is written anew from the first head', async () => {
  await using world = await auditWorld(token)
  const path = newFile()
  for (const subject of ['a', 'b']) {
    await world.record(subject)
    await world.sweep(fileSink(path))
  }
  rmSync(path)
  await world.sweep(fileSink(path))
  expect(await positionsIn(path)).toEqual([1, 2])
})

test('a database that was rolled back is refused, also when it has grown past the file’s last head', async () => {
  await using world = await auditWorld(token)
  const path = newFile()
  for (const subject of ['a', 'b']) {
    await world.record(subject)
    await world.sweep(fileSink(path))
  }
  await world.schemaOwner.run(sql`delete from audit.events where id > 1`)
  await world.schemaOwner.run(sql`delete from audit.links where position > 1`)
  await world.schemaOwner.run(sql`delete from audit.heads where position > 1`)
  const before = readFileSync(path, 'utf8')
  await expect(world.sweep(fileSink(path))).rejects.toBeInstanceOf(SinkRefused)
  await world.record('c', 'd', 'e')
  await expect(world.sweep(fileSink(path))).rejects.toThrow('rolled back')
  expect(readFileSync(path, 'utf8')).toBe(before)
})

test('a file with the heads of another app is refused', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  await world.sweep()
  const path = newFile()
  writeFileSync(path, `${JSON.stringify({ ...world.memory.heads[0], app: 'sss-lca' })}\n`, { mode: 0o600 })
  await expect(world.sweep(fileSink(path))).rejects.toThrow('another deployment or app')
})

test('a file that others may write, and a link, are refused', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  const [open, link] = [newFile(), newFile()]
  writeFileSync(open, '')
  chmodSync(open, 0o620)
  await expect(world.sweep(fileSink(open))).rejects.toBeInstanceOf(SinkRefused)
  symlinkSync(newFile(), link)
  await expect(world.sweep(fileSink(link))).rejects.toBeInstanceOf(SinkUnavailable)
  await expect(world.sweep(fileSink(join(directory, 'none', 'heads')))).rejects.toBeInstanceOf(SinkUnavailable)
})

test('two processes that write at once leave a file that is good', async () => {
  await using world = await auditWorld(token)
  const path = newFile()
  for (const subject of ['a', 'b', 'c', 'd']) {
    await world.record(subject)
    await world.sweep(memorySink())
  }
  await Promise.all([1, 2, 3].map(() => world.sweep(fileSink(path))))
  expect(new Set(await positionsIn(path))).toEqual(new Set([1, 2, 3, 4]))
  expect(await world.verify({ heads: await headsIn(path) })).toMatchObject({ ok: true })
})
