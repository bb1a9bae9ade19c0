import { randomBytes } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { fromUtf8, type Secret, toHex } from '@strongroom/crypto'
import { initialiseToken } from './initialise-token.ts'
import { configurationFor, placesIn } from './places.ts'

/** Where the bootstrap found SoftHSM, else Debian's path. */
export const SOFTHSM_MODULE = process.env['PKCS11_MODULE'] ?? '/usr/lib/softhsm/libsofthsm2.so'

export interface SoftTokenOptions {
  readonly directory: string
  /** At most 32 bytes. */
  readonly label: string
  readonly pin: Secret | string
  /** Debian's path of SoftHSM by default. */
  readonly module?: string
}

/**
 * Makes a SoftHSM token in the directory, if there is none yet, and answers the path for `SOFTHSM2_CONF`. The token
 * appears in one step: a crash leaves either none or a whole one.
 */
export async function initSoftToken(options: SoftTokenOptions): Promise<{ readonly softhsmConf: string }> {
  const { label, pin, module = SOFTHSM_MODULE } = options
  const directory = resolve(options.directory)
  const { tokens, configuration } = placesIn(directory)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeAtOnce(configuration, configurationFor(tokens))
  if (await holdsToken(tokens)) return { softhsmConf: configuration }
  const workshop = await mkdtemp(join(directory, 'new-'))
  try {
    const unfinished = join(workshop, 'tokens')
    await mkdir(unfinished, { mode: 0o700 })
    await writeFile(join(workshop, 'conf'), configurationFor(unfinished), { mode: 0o600 })
    // A copy of the module is an instance of its own: the one that this process may be using stays untouched.
    const copy = join(workshop, basename(module))
    await copyFile(module, copy)
    const officerPin = toHex(randomBytes(24))
    initialiseToken(
      { path: copy, environment: { SOFTHSM2_CONF: join(workshop, 'conf') } },
      { label, officerPin, pin: typeof pin === 'string' ? pin : fromUtf8(pin.expose()) },
    )
    await restrict(unfinished)
    // Refused where another process was faster: its token stays.
    await rename(unfinished, tokens).catch(async (error: unknown) => {
      if (!(await holdsToken(tokens))) throw error
    })
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
  return { softhsmConf: configuration }
}

async function holdsToken(tokens: string): Promise<boolean> {
  const entries = await readdir(tokens).catch(() => [])
  return entries.length > 0
}

async function writeAtOnce(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** SoftHSM creates its files by the umask: nobody else on the machine has any business with them. */
async function restrict(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600)
  }
}
