import { readFile } from 'node:fs/promises'
import { fromHex } from '@strongroom/crypto'

/** A file with one public key a line, 65 bytes in hex; empty lines and those that begin with # are passed over. */
export async function readPinnedKeys(path: string): Promise<Uint8Array[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim())
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (keys.length === 0) throw new Error(`${path} holds no public key`)
  return keys.map((key) => fromHex(key.toLowerCase()))
}
