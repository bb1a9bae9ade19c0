import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './checkout.mjs'
import { findModule, wrongVariable } from './modules.mjs'
import { installPackages, packageManager, privilege } from './package-manager.mjs'
import { has } from './run-quietly.mjs'
import { die, say } from './say.mjs'
import { unpackModules } from './unpack-modules.mjs'

/** Provides what npm cannot, or ends with one line that says what is missing. Returns the paths of the PKCS#11 modules. */
export function providePrerequisites(needs) {
  const wrong = wrongVariable()
  if (wrong) die(`${wrong} is ${process.env[wrong]}, and there is no such file.`)
  const wanted = ['softhsm', ...needs]
  if (missingOf(wanted).length > 0) provide(wanted)
  return Object.fromEntries(wanted.map((name) => [name, findModule(name)]))
}

function provide(wanted) {
  const missing = missingOf(wanted)
  const manager = packageManager()
  const instruction = `Missing on this machine: ${missing.join(', ')}. Install with: ${manager?.line(missing) ?? 'your package manager'}`
  if (!manager) die(instruction)
  const may = privilege(manager)
  // Only modules can be unpacked: without a compiler, and nobody to install one, there is no point in beginning.
  if (may === 'none' && missing.some((name) => compilers.includes(name))) die(instruction)
  if (may !== 'full' && manager.name === 'apt') unpackModules(missing.filter((name) => !compilers.includes(name)))
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
