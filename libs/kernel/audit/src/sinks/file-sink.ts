import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { type Head, headFromJson, headToJson } from '../head.ts'
import { type Sink, SinkRefused, SinkUnavailable } from './sink.ts'

const TAIL_BYTES = 65_536
const OTHERS_MAY_WRITE = 0o022
const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants

/**
 * Appends to a file, one line of JSON a head, flushed to disk. Made with mode 0600; a link, or a file that others may
 * write, is refused. Worth what keeps the database's administrators from it: another disk, `chattr +a`, a shipper.
 */
export function fileSink(path: string): Sink {
  const name = `file:${path}`
  const within = async <T>(work: (file: FileHandle) => Promise<T>): Promise<T> => {
    const file = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600).catch((error: unknown) => {
      throw new SinkUnavailable(name, codeOf(error))
    })
    try {
      return await work(file)
    } catch (error) {
      throw error instanceof SinkRefused ? error : new SinkUnavailable(name, codeOf(error))
    } finally {
      await file.close()
    }
  }
  const target = {
    name,
    send: (head: Head) => within((file) => append(file, { path, line: headToJson(head) })),
    last: () => within(readLast),
  }
  return { targets: [target] }
}

async function append(file: FileHandle, { path, line }: { path: string; line: string }): Promise<void> {
  const { size } = await file.stat()
  // What a crash cut off stays a line of its own, which readers pass over.
  const torn = size > 0 && (await readFrom(file, size - 1)) !== '\n'
  await file.appendFile(`${torn ? '\n' : ''}${line}\n`)
  await file.sync()
  if (size === 0) await syncDirectory(dirname(path))
}

async function readLast(file: FileHandle): Promise<Head | undefined> {
  const stat = await file.stat()
  if (!stat.isFile() || stat.mode & OTHERS_MAY_WRITE)
    throw new SinkRefused('the file for heads of the audit log must be a file that only its owner may write')
  const lines = (await readFrom(file, Math.max(0, stat.size - TAIL_BYTES))).split('\n')
  const heads = lines.flatMap((line) => headFromJson(line) ?? [])
  return heads.toSorted((a, b) => a.position - b.position).at(-1)
}

async function readFrom(file: FileHandle, position: number): Promise<string> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(TAIL_BYTES), position })
  return buffer.toString('utf8', 0, bytesRead)
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** The heads of such a file, in its order; lines that are none are passed over. Throws where it cannot be read. */
export async function* headsInFile(path: string): AsyncGenerator<Head> {
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
    const head = headFromJson(line)
    if (head) yield head
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'the file failed'
