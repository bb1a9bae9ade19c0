import { copyFile, cp, readdir, rename, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { placesIn, TOKEN_FILE } from './places.ts'

/**
 * Puts back from the backup what a kill at the wrong moment emptied: SoftHSM truncates `token.object` in each login and
 * writes it afterwards. Call it before anything loads the module. Without a backup, or with nothing to mend, it does nothing.
 */
export async function healSoftToken(directory: string): Promise<void> {
  const { tokens, backup } = placesIn(directory)
  if ((await sizeOf(backup)) === undefined) {
    // A crash between the two renames of a backup leaves the older copy under this name.
    if ((await sizeOf(`${backup}.old`)) === undefined) return
    await rename(`${backup}.old`, backup)
  }
  if ((await sizeOf(tokens)) === undefined) {
    await cp(backup, tokens, { recursive: true })
    return
  }
  for (const entry of await readdir(backup, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const saved = join(entry.parentPath, entry.name)
    await restoreIfEmpty(saved, join(tokens, relative(backup, saved)))
  }
}

/** A key's own file is put back only with the token file's care: missing means deleted, empty means torn. */
async function restoreIfEmpty(saved: string, place: string): Promise<void> {
  const size = await sizeOf(place)
  const lost = size === 0 || (size === undefined && place.endsWith(TOKEN_FILE))
  if (!lost || (await sizeOf(saved)) === 0) return
  await cp(join(saved, '..'), join(place, '..'), { recursive: true, force: false })
  await copyFile(saved, `${place}.healed`)
  await rename(`${place}.healed`, place)
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size
}
