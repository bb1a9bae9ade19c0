import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'

/** Replaces a file (0600) at once: a reader finds the old text or the new one, never half of it, and so does a crash. */
export function writePrivately(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}`
  const file = openSync(unfinished, 'w', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(unfinished, path)
}

/** The secret kept in a file, drawn the first time it is asked for: 24 random bytes, base64url. */
export function keptSecret(path: string): string {
  if (!existsSync(path)) writePrivately(path, randomBytes(24).toString('base64url'))
  return readFileSync(path, 'utf8')
}
