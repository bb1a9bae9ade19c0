import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { clusterAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { collect } from './collect.ts'
import { makeClusterDirectory } from './state.ts'

export type Durability = 'durable' | 'throwaway'

export interface ClusterPlace {
  /** Holds `data/`, `superuser-password` (0600) and `postgres.log`. */
  readonly directory: string
  /** `throwaway` never waits for the disk: faster, and lost with the machine. */
  readonly durability: Durability
}

export const dataOf = (directory: string): string => join(directory, 'data')
export const superuserPassword = (directory: string): string => readFileSync(passwordFile(directory), 'utf8')

/**
 * Makes a cluster unless there is one. `initdb` works in a directory of its own that is renamed when it is whole, so what
 * a killed run left is never taken for a cluster; the password is written first, so the cluster never lacks its own.
 */
export async function initialise({ directory, durability }: ClusterPlace): Promise<void> {
  makeClusterDirectory(directory)
  removeUnfinished(directory)
  if (existsSync(dataOf(directory))) return refuseWithoutPassword(directory)
  writePassword(directory)
  const unfinished = join(directory, `unfinished-${process.pid}`)
  await runInitdb({ directory, data: unfinished, durability })
  renameSync(unfinished, dataOf(directory))
}

const passwordFile = (directory: string): string => join(directory, 'superuser-password')

function refuseWithoutPassword(directory: string): void {
  if (!existsSync(passwordFile(directory))) throw new Error(`the cluster in ${directory} has lost superuser-password`)
}

function removeUnfinished(directory: string): void {
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith('unfinished-')))
    rmSync(join(directory, name), { recursive: true, force: true })
}

function writePassword(directory: string): void {
  const account = clusterAccount()
  const unfinished = join(directory, `unfinished-password`)
  writeFileSync(unfinished, randomBytes(24).toString('base64url'), { mode: 0o600 })
  if (account) chownSync(unfinished, account.uid, account.gid)
  renameSync(unfinished, passwordFile(directory))
}

async function runInitdb({ directory, data, durability }: ClusterPlace & { readonly data: string }): Promise<void> {
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile(directory)}`]
  // The order of code points, everywhere the same, with Unicode's idea of lower and upper case.
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--locale=C', '--builtin-locale=C.UTF-8']
  const speed = durability === 'throwaway' ? ['--no-sync'] : []
  const initdb = spawn(join(findBinaries(), 'initdb'), ['-D', data, ...access, ...locale, ...speed], {
    ...clusterAccount(),
    cwd: directory,
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { code, output } = await collect(initdb)
  if (code !== 0) throw new Error(`initdb in ${directory} failed (STRONGROOM_STATE moves it elsewhere):\n${output}`)
}
