import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './checkout.mjs'
import { findModule, wrongVariable } from './modules.mjs'
import { installPackages, packageManager, privilege } from './package-manager.mjs'
import { has } from './run-quietly.mjs'
import { die, say } from './say.mjs'
import { unpackModules } from './unpack-modules.mjs'

/**
 * Provides what npm cannot, or ends with one line that says what is missing. What a verb merely `uses` is looked for, never
 * installed. Returns the paths of what was found.
 */
export function providePrerequisites({ needs, uses = [] }) {
  const wrong = wrongVariable()
  if (wrong) die(`${wrong} is ${process.env[wrong]}, and there is no such file.`)
  const wanted = ['softhsm', ...needs]
  if (missingOf(wanted).length > 0) provide(wanted)
  const paths = [...wanted, ...uses].map((name) => [name, findModule(name)])
  return Object.fromEntries(paths.filter(([, path]) => path !== undefined))
}

function provide(wanted) {
  const missing = missingOf(wanted)
  const manager = packageManager()
  const instruction = `Missing on this machine: ${missing.join(', ')}. Install with: ${manager?.line(missing) ?? 'your package manager'}`
  if (!manager) die(instruction)
  const may = privilege(manager)
  // What cannot be unpacked nobody may install here: there is no point in beginning.
  if (may === 'none' && missing.some((name) => installedOnly.includes(name))) die(instruction)
  if (manager.name === 'apt') unpackModules(missing.filter((name) => isUnpacked(name, may)))
  const left = missingOf(wanted)
  if (left.length === 0) return
  if (may === 'none') die(instruction)
  say(
    `installing ${manager.packages(left).join(' ')} (${manager.name}${may === 'password' ? ', sudo may ask for your password' : ''})`,
  )
  const problem = installPackages(manager, left)
  if (problem || missingOf(wanted).length > 0) die(`${instruction}${problem ? ` (tried that: ${problem})` : ''}`)
}

const compilers = ['g++', 'make', 'python3']
const installedOnly = [...compilers, 'chromium', 'ceph-mon', 'ceph-osd', 'radosgw', 'ceph-common']

/** Nobody who runs tests has asked for these on the machine, where Debian's packages would start a Redis and a pkcsslotd at once. */
const ofTestsAlone = ['opencryptoki', 'redis', 'oathtool']
const isUnpacked = (name, may) => ofTestsAlone.includes(name) || (may !== 'full' && !installedOnly.includes(name))

function missingOf(wanted) {
  const modules = wanted.filter((name) => !findModule(name))
  return [...modules, ...(isAddonBuilt() ? [] : compilers.filter((program) => !has(program)))]
}

/** pkcs11js is compiled once; after that nobody needs a compiler. */
function isAddonBuilt() {
  const store = join(checkout, 'node_modules/.pnpm')
  const versions = existsSync(store) ? readdirSync(store).filter((name) => name.startsWith('pkcs11js@')) : []
  return versions.some((name) => existsSync(join(store, name, 'node_modules/pkcs11js/build/Release/pkcs11.node')))
}
