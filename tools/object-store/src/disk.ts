import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import type { Allowed } from './judge-form.ts'
import { Refused } from './refused.ts'

const StoredObject = z.object({
  key: z.string(),
  contentType: z.string(),
  meta: z.record(z.string(), z.string()),
  /** Bytes. */
  size: z.int(),
  /** MD5 in hex, in quotes. */
  etag: z.string(),
  storedAt: z.coerce.date(),
  /** The file that holds its bytes. */
  content: z.string(),
})
export type StoredObject = z.output<typeof StoredObject>

export interface Disk {
  /** Reads the file to its end, and keeps it if its length is allowed. */
  keep(allowed: Allowed, file: Readable): Promise<StoredObject | Refused>
  find(key: string): Promise<StoredObject | undefined>
  read(stored: StoredObject): Readable
}

const nameOf = (key: string): string => createHash('sha256').update(key).digest('hex')

/** Keeps objects as files in a directory that nobody else may read. No key becomes a path. */
export async function openDisk(directory: string): Promise<Disk> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const name of await readdir(directory)) if (name.endsWith('.part')) await rm(join(directory, name))
  const recordOf = (key: string) => join(directory, `${nameOf(key)}.json`)

  async function find(key: string): Promise<StoredObject | undefined> {
    const text = await readFile(recordOf(key), 'utf8').catch(() => undefined)
    return text === undefined ? undefined : StoredObject.parse(JSON.parse(text))
  }

  /** The record is what makes an object: it is written last, at once, and then what it replaced goes. */
  async function record(stored: StoredObject): Promise<void> {
    const before = await find(stored.key)
    const unfinished = `${recordOf(stored.key)}.${randomBytes(4).toString('hex')}.part`
    await writeFile(unfinished, JSON.stringify(stored), { mode: 0o600 })
    await rename(unfinished, recordOf(stored.key))
    if (before) await rm(join(directory, before.content), { force: true })
  }

  return {
    async keep({ key, contentType, meta, least, most }, file) {
      const content = `${nameOf(key)}.${randomBytes(8).toString('hex')}`
      const unfinished = join(directory, `${content}.part`)
      const measured = measure(most)
      try {
        await pipeline(file, measured.stream, createWriteStream(unfinished, { mode: 0o600 }))
        const size = measured.size()
        if (size > most) return new Refused(400, 'EntityTooLarge', 'The file is larger than the policy allows.')
        if (size < least) return new Refused(400, 'EntityTooSmall', 'The file is smaller than the policy allows.')
        await rename(unfinished, join(directory, content))
        const stored = { key, contentType, meta, size, etag: measured.etag(), storedAt: new Date(), content }
        await record(stored)
        return stored
      } finally {
        await rm(unfinished, { force: true })
      }
    },
    find,
    read: ({ content }) => createReadStream(join(directory, content)),
  }
}

/** Counts and hashes what passes; beyond the limit it takes on and lets nothing through, so that no disk fills up. */
function measure(most: number) {
  const hash = createHash('md5')
  let size = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > most) return done()
      hash.update(chunk)
      done(null, chunk)
    },
  })
  return { stream, size: () => size, etag: () => `"${hash.digest('hex')}"` }
}
