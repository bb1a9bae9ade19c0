import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { fromBase64url, toBase64url } from '@strongroom/crypto'
import type { KeyRecord } from '@strongroom/hsm'
import type { MovableCopy } from '@strongroom/hsm/moving'
import { z } from 'zod'
import { Unusable } from '../outcome.ts'

/** Copies of MAC keys, encrypted to the token in the safe: worth nothing without it, and the keys cannot move without both. */
export interface Copies {
  /** Of the key that opens them, on the token in the safe. */
  readonly safeKey: KeyRecord
  readonly copies: readonly MovableCopy[]
}

export interface CopiesFile {
  /** On the disk when it returns. */
  keep(copy: MovableCopy): void
  close(): void
}

const bytes = z
  .string()
  .regex(/^[\w-]+$/)
  .transform(fromBase64url)

const safeLine = z.object({
  kind: z.literal('safe-key'),
  label: z.string(),
  version: z.int().positive(),
  strategy: z.string(),
  checkValue: bytes,
})

const copyLine = z.object({
  kind: z.literal('mac-key'),
  label: z.string(),
  use: z.string(),
  version: z.int().positive(),
  copy: bytes,
})

/** In a new file. Throws `Unusable`. */
export function beginCopies(path: string, { label, version, strategy, checkValue }: KeyRecord): CopiesFile {
  const file = openNew(path)
  const write = (line: object) => {
    writeSync(file, `${JSON.stringify(line)}\n`)
    fsyncSync(file)
  }
  write({ kind: 'safe-key', label, version, strategy, checkValue: toBase64url(checkValue) })
  return {
    keep: ({ copy, ...key }) => write({ kind: 'mac-key', ...key, copy: toBase64url(copy) }),
    close: () => closeSync(file),
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Unusable(`the copies ${path} cannot be begun (${code}): name a file that is not there yet`)
  }
}

/** Throws `Unusable` for a file that is none. */
export function readCopies(path: string): Copies {
  const [first, ...others] = linesOf(path)
  const safe = safeLine.safeParse(first)
  const copies = others.map((line) => copyLine.safeParse(line))
  const isWhole = copies.every(({ success }) => success)
  if (!safe.success || !isWhole) throw new Unusable(`${path} holds no copies of keys as init --movable writes them`)
  const { kind: _, ...safeKey } = safe.data
  return {
    safeKey: { job: 'recover', use: '', ...safeKey },
    copies: copies.flatMap(({ data }) => (data === undefined ? [] : [data])),
  }
}

function linesOf(path: string): readonly unknown[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown)
  } catch {
    throw new Unusable(`${path} cannot be read as copies of keys: correct its name, or its permissions`)
  }
}
