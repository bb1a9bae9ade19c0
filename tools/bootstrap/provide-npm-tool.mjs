import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkout, readJson, tooling } from './checkout.mjs'
import { has, runQuietly } from './run-quietly.mjs'
import { die, say } from './say.mjs'

/** The version that the pinned manifest in tools/toolchain names. */
export function pinnedVersion(tool, dependency) {
  const { dependencies, optionalDependencies } = readJson(`tools/toolchain/${tool}/package.json`)
  return { ...dependencies, ...optionalDependencies }[dependency]
}

/**
 * Installs a pinned manifest into .tooling unless it is there, and returns its folder. npm compares with the integrity of
 * the lockfile, and leaves out what differs: the executable that must come of it is what tells.
 */
export function provideNpmTool({ tool, version, executable, command }) {
  const home = join(tooling, `${tool}-${version}`)
  if (existsSync(join(home, executable))) return home
  say(`fetching ${tool} ${version} (npm)`)
  // Under a name of its own until it is whole: a killed run leaves nothing that looks installed.
  const unfinished = `${home}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  for (const file of ['package.json', 'package-lock.json'])
    cpSync(join(checkout, 'tools/toolchain', tool, file), join(unfinished, file))
  const { succeeded, output } = runNpm(unfinished, command)
  if (!succeeded || !existsSync(join(unfinished, executable))) {
    rmSync(unfinished, { recursive: true, force: true })
    die(`${tool} ${version} could not be had from npm, or what came is not what tools/toolchain pins.\n${output}`)
  }
  rmSync(home, { recursive: true, force: true })
  renameSync(unfinished, home)
  return home
}

function runNpm(directory, command) {
  const script = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : undefined
  if (!script && !has('npm')) die('npm is missing on this machine. It comes with Node.')
  const args = [...command, '--prefix', directory, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const env = { ...process.env, NODE_OPTIONS: '' }
  // Set by an `npm start` around us; they would lead this npm to the workspace instead.
  for (const name of ['npm_config_local_prefix', 'npm_config_prefix']) delete env[name]
  return script
    ? runQuietly(process.execPath, [script, ...args], { cwd: directory, env })
    : runQuietly('npm', args, { cwd: directory, env })
}
