import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { tooling } from './checkout.mjs'
import { unpacked } from './modules.mjs'
import { packageManager } from './package-manager.mjs'
import { has, runQuietly } from './run-quietly.mjs'
import { say } from './say.mjs'

/**
 * Debian and Ubuntu without root: apt, with package lists of its own under .tooling, fetches the modules and whatever they
 * need that is not installed; dpkg-deb unpacks them. Signatures are checked as always. Failing is not fatal here.
 */
export function unpackModules(missing) {
  if (missing.length === 0 || !has('dpkg-deb')) return
  const packages = packageManager().packages(missing)
  say(`unpacking ${packages.join(' ')} into .tooling (no root needed)`)
  const apt = join(tooling, 'apt')
  for (const directory of ['state', 'lists/partial', 'cache/archives/partial'])
    mkdirSync(join(apt, directory), { recursive: true })
  const options = aptOptions(apt)
  const fetched =
    runQuietly('apt-get', [...options, 'update']).succeeded &&
    runQuietly('apt-get', [...options, 'install', '-y', '--download-only', '--no-install-recommends', ...packages])
      .succeeded
  if (fetched) for (const archive of archivesIn(apt)) runQuietly('dpkg-deb', ['-x', archive, unpacked])
  rmSync(apt, { recursive: true, force: true })
}

const archivesIn = (apt) =>
  readdirSync(join(apt, 'cache/archives'))
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(apt, 'cache/archives', name))

const aptOptions = (apt) =>
  [
    `Dir::State=${apt}/state`,
    `Dir::State::lists=${apt}/lists`,
    `Dir::Cache=${apt}/cache`,
    'Dir::State::status=/var/lib/dpkg/status',
    `APT::Sandbox::User=${userInfo().username}`,
    'Debug::NoLocking=1',
  ].flatMap((option) => ['-o', option])
