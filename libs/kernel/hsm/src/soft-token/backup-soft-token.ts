import { createHash } from 'node:crypto'
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { placesIn, TOKEN_FILE } from './places.ts'

const TRIES = 5

/**
 * Copies the token beside itself, and keeps the copy only if it is whole: the same bytes before and after, no token file
 * empty. Call it after keys were made, while nobody logs in. Throws where no try gave a whole copy.
 */
export async function backupSoftToken(directory: string): Promise<void> {
  const { tokens, backup } = placesIn(directory)
  const unfinished = `${backup}.new`
  for (let tries = 0; tries < TRIES; tries++) {
    await rm(unfinished, { recursive: true, force: true })
    const before = await fingerprint(tokens)
    await cp(tokens, unfinished, { recursive: true })
    if (before !== undefined && before === (await fingerprint(unfinished)) && before === (await fingerprint(tokens))) {
      await rm(`${backup}.old`, { recursive: true, force: true })
      await rename(backup, `${backup}.old`).catch(() => undefined)
      await rename(unfinished, backup)
      await rm(`${backup}.old`, { recursive: true, force: true })
      return
    }
  }
  await rm(unfinished, { recursive: true, force: true })
  throw new Error(`the token in ${directory} could not be copied whole: stop what uses it, or heal it, and try again`)
}

/** Of all names and contents; `undefined` where a token file is empty or there is none. */
async function fingerprint(tokens: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  let tokenFiles = 0
  const entries = await readdir(tokens, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((one) => one.isFile()).toSorted((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1))) {
    const content = await readFile(pathOf(entry))
    if (entry.name === TOKEN_FILE) {
      if (content.length === 0) return undefined
      tokenFiles++
    }
    hash.update(JSON.stringify([relative(tokens, pathOf(entry)), content.length])).update(content)
  }
  return tokenFiles > 0 ? hash.digest('hex') : undefined
}

const pathOf = (entry: { parentPath: string; name: string }): string => join(entry.parentPath, entry.name)
