import { createHash } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { clusterAccount } from './account.ts'

export const checkout = resolve(import.meta.dirname, '../../..')

/**
 * Where clusters are kept: `STRONGROOM_STATE`, else `.strongroom` in the checkout. As root PostgreSQL runs under another
 * account, which often cannot reach the checkout (a home of mode 0700): then `/var/lib/strongroom/<hash of the checkout>`.
 */
export function stateDirectory(): string {
  const override = process.env['STRONGROOM_STATE']
  if (override) return resolve(override)
  if (!clusterAccount()) return join(checkout, '.strongroom')
  const hash = createHash('sha256').update(realpathSync(checkout)).digest('hex').slice(0, 12)
  return join('/var/lib/strongroom', hash)
}

/** Makes a directory that only the cluster's account can open, and lets that account pass through the parents made for it. */
export function makeClusterDirectory(directory: string): void {
  const account = clusterAccount()
  const firstMade = mkdirSync(directory, { recursive: true, mode: 0o755 })
  // The umask may have taken the passage away again; only what was made here is touched.
  if (account && firstMade) for (const made of pathsBetween(firstMade, directory)) chmodSync(made, 0o755)
  if (account) chownSync(directory, account.uid, account.gid)
  chmodSync(directory, 0o700)
}

function pathsBetween(top: string, bottom: string): string[] {
  const parent = dirname(bottom)
  return bottom === top || parent === bottom ? [bottom] : [...pathsBetween(top, parent), bottom]
}
