import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, lstat, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const flags = ['-std=gnu11', '-O2', '-shared', '-fPIC', '-fvisibility=hidden']

/**
 * The path of a library of `native/`, compiled where it was not yet: with `CC`, else `cc`, which pkcs11js needed as well.
 * Kept in the system's temporary directory, by its source. Throws where there is no compiler.
 */
export async function buildNative(name: 'fault-shim' | 'private-root'): Promise<string> {
  const source = fileURLToPath(new URL(`../../native/${name}.c`, import.meta.url))
  const digest = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 16)
  const directory = await privateDirectory()
  const library = join(directory, `${name}-${digest}.so`)
  if (await exists(library)) return library
  const workshop = await mkdtemp(join(directory, 'new-'))
  try {
    const compiled = join(workshop, basename(library))
    await compile(source, compiled)
    await rename(compiled, library)
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
  return library
}

async function compile(source: string, target: string): Promise<void> {
  const compiler = process.env['CC'] ?? 'cc'
  try {
    await run(compiler, [...flags, '-o', target, source, '-ldl', '-lpthread'])
  } catch (error) {
    const said = error instanceof Error ? error.message : 'unknown'
    throw new Error(`${basename(source)} needs a C compiler, and "${compiler}" did not compile it: ${said}`, {
      cause: error,
    })
  }
}

/** Of nobody else: who could put a file there could have us load it. */
async function privateDirectory(): Promise<string> {
  const owner = process.getuid?.() ?? 0
  const directory = join(tmpdir(), `strongroom-native-${String(owner)}`)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const { uid, mode } = await lstat(directory)
  return uid === owner && (mode & 0o077) === 0 ? directory : mkdtemp(join(tmpdir(), 'strongroom-native-'))
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
