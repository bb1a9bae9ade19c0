import { randomBytes, scrypt, type ScryptOptions } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { equalBytes, fromBase64url, type Secret, toBase64url } from '@strongroom/crypto'

/**
 * Where a refused PIN is remembered, so that no crash loop locks an HSM. The entry is a salted scrypt hash, one line of
 * text. An app may write to several places at once (a state directory and its database).
 */
export interface PinLatch {
  read(): Promise<string | undefined>
  write(entry: string): Promise<void>
}

const COST: ScryptOptions = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 }
const SALT_BYTES = 16
const HASH_BYTES = 32
const hash = promisify<Uint8Array, Uint8Array, number, ScryptOptions, Buffer>(scrypt)

/** A file of mode 0600, replaced in one step and flushed to disk. Delete it to allow the same PIN again. */
export function filePinLatch(path: string): PinLatch {
  return {
    async read() {
      try {
        return await readFile(path, 'utf8')
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
        throw error
      }
    },
    async write(entry) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const temporary = `${path}.${process.pid}.new`
      const file = await open(temporary, 'w', 0o600)
      try {
        await file.writeFile(entry)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    },
  }
}

/** `scrypt-1$salt$hash`. */
export async function hashPin(pin: Secret, salt: Uint8Array = randomBytes(SALT_BYTES)): Promise<string> {
  const digest = await hash(pin.expose(), salt, HASH_BYTES, COST)
  return `scrypt-1$${toBase64url(salt)}$${toBase64url(digest)}`
}

/** Whether the entry is of this very PIN. An entry that cannot be read counts as of this PIN: better refused than locked. */
export async function isLatched(entry: string, pin: Secret): Promise<boolean> {
  const [scheme, salt, digest] = entry.trim().split('$')
  if (scheme !== 'scrypt-1' || salt === undefined || digest === undefined) return true
  try {
    const [, , own = ''] = (await hashPin(pin, fromBase64url(salt))).split('$')
    return equalBytes(fromBase64url(own), fromBase64url(digest))
  } catch {
    return true
  }
}
