import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { findTrespasses } from './boundaries.ts'
import { findProjects, type Project, root } from './projects.ts'

test('the house as it stands has no trespass', () => {
  expect(findTrespasses(findProjects())).toEqual([])
})

const project = (name: string, kind: string, dependencies: readonly string[]): Project => {
  const folder = kind === 'app' ? `apps/${name}` : `libs/${kind}/${name}`
  return { name, kind, folder, dependencies, sources: [] }
}
const house = [
  project('crypto', 'kernel', []),
  project('storage', 'kernel', []),
  project('http', 'kernel', []),
  project('pin-keys', 'domain', []),
  project('qr-login', 'domain', []),
  project('key-server', 'app', []),
]
const judged = (intruder: Project) => findTrespasses([...house.filter(({ name }) => name !== intruder.name), intruder])

test.each([
  ['a domain that uses a domain', project('pin-keys', 'domain', ['@strongroom/qr-login'])],
  ['a kernel library that knows a domain', project('http', 'kernel', ['@strongroom/pin-keys'])],
  ['kernel libraries that lean on one another', project('http', 'kernel', ['@strongroom/storage'])],
  ['an app that uses an app', project('sss-lca', 'app', ['@strongroom/key-server'])],
  ['a client that knows a domain', project('sss-client', 'client', ['@strongroom/pin-keys'])],
  ['a client that takes more of the kernel than crypto', project('sss-client', 'client', ['@strongroom/http'])],
  ['a driver outside the library that owns it', project('pin-keys', 'domain', ['pg'])],
])('%s is found', (_, intruder) => {
  expect(judged(intruder)).toHaveLength(1)
})

test('what the plan allows is not found', () => {
  expect(judged(project('pin-keys', 'domain', ['@strongroom/http', 'zod']))).toEqual([])
  expect(judged(project('sss-client', 'client', ['@strongroom/crypto', 'hash-wasm']))).toEqual([])
})

test.each([
  ['a relative path out of the project', 'src/keys/api.ts', "import { a } from '../../../../kernel/http/src/index.ts'"],
  ['a slice that uses one after it', 'src/keys/api.ts', "import { a } from '../resets/rules.ts'"],
  ['a contract that no browser could load', 'src/keys/contract.ts', "import { a } from '@strongroom/storage'"],
  ['a contract that leans on a file for servers', 'src/keys/contract.ts', "import { a } from './rules.ts'"],
])('%s is found', (_, file, text) => {
  const scratch = mkdtempSync(join(root, 'libs/domains/.scratch-'))
  try {
    const path = join(scratch, file)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
    const folder = relative(root, scratch)
    const intruder = { ...project('pin-keys', 'domain', []), folder, sources: [relative(root, path)] }
    expect(findTrespasses([intruder])).toHaveLength(1)
  } finally {
    rmSync(scratch, { recursive: true })
  }
})
