import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './checkout.mjs'
import { runQuietly } from './run-quietly.mjs'
import { die, say } from './say.mjs'

/** Runs `pnpm install` when anything that decides its result has changed since it last succeeded. */
export function installWorkspace(environment) {
  const stamp = join(checkout, 'node_modules/.strongroom-installed')
  const state = describeInputs(environment)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return
  say('installing the workspace (pnpm)')
  rmSync(stamp, { force: true })
  const args = ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only']
  const { succeeded, output } = runQuietly('pnpm', args, { cwd: checkout, env: { ...environment, CI: 'true' } })
  if (!succeeded) die(`pnpm install failed:\n${output}`)
  writeFileSync(stamp, state)
}

function describeInputs({ PATH }) {
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...memberManifests()]
  const hash = createHash('sha256')
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(checkout, file)))
      .update('\0')
  // The PATH begins with the Node that compiles the add-on.
  return hash.update(PATH.split(':', 1)[0]).update(`${process.platform}-${process.arch}`).digest('hex')
}

/** The manifests that the `packages:` of pnpm-workspace.yaml match: plain paths, or all folders of one. */
function memberManifests() {
  const workspace = readFileSync(join(checkout, 'pnpm-workspace.yaml'), 'utf8')
  const [, list = ''] = /^packages:\n((?: +- .*\n)+)/m.exec(workspace) ?? []
  const patterns = list.match(/(?<=- ).+/g) ?? []
  return patterns
    .flatMap((pattern) => (pattern.endsWith('/*') ? foldersOf(pattern.slice(0, -2)) : [pattern]))
    .map((folder) => `${folder}/package.json`)
    .filter((manifest) => existsSync(join(checkout, manifest)))
}

const foldersOf = (parent) =>
  existsSync(join(checkout, parent)) ? readdirSync(join(checkout, parent)).map((name) => `${parent}/${name}`) : []
