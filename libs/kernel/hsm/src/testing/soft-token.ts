import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Secret, toHex } from '@strongroom/crypto'
import type { PinLatch } from '../pin-latch.ts'
import type { ModuleSource } from '../pkcs11/module-registry.ts'
import { initialiseToken } from '../soft-token/initialise-token.ts'
import { initSoftToken, SOFTHSM_MODULE } from '../soft-token/init-soft-token.ts'
import { placesIn } from '../soft-token/places.ts'
import { memoryPinLatch } from './memory-pin-latch.ts'
import { throughShim } from './through-shim.ts'

export interface SoftTokenRequest {
  /** SoftHSM by default; any other path must be NSS softokn. */
  readonly module?: string
  readonly label?: string
  /** Puts a module between us and it that delays, fails and hangs as `shimFaults` is told. Needs a C compiler. */
  readonly through?: 'fault-shim'
  /** A new directory under the system's temporary one by default. */
  readonly directory?: string
}

/** What `openKeystore` and `provisionKeys` need of a token, and the means to take it away. */
export interface SoftToken {
  readonly module: ModuleSource
  readonly tokenLabel: string
  readonly pin: Secret
  readonly allowSoftware: 'any'
  readonly pinLatch: PinLatch
  readonly directory: string
  /** Renames the token's files away, as if the device were unplugged; NSS keeps its files open and does not notice. */
  take(): Promise<void>
  bringBack(): Promise<void>
  /** Removes everything; after the keystores on it are closed. */
  remove(): Promise<void>
}

/**
 * A fresh token with a random PIN. Each call copies the module file: a copy is a PKCS#11 instance of its own, with its
 * own configuration, login and end, so that any number of tokens live in one process without knowing of each other.
 */
export async function softToken(request: SoftTokenRequest = {}): Promise<SoftToken> {
  const { module = SOFTHSM_MODULE, label = `test-${toHex(randomBytes(6))}` } = request
  const directory = request.directory ?? (await mkdtemp(join(tmpdir(), 'strongroom-token-')))
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const pin = new Secret(toHex(randomBytes(16)))
  const path = join(directory, basename(module))
  await copyFile(module, path)
  const bare = isNss(module)
    ? await initNssToken(path, { directory, label, pin })
    : { path, environment: { SOFTHSM2_CONF: (await initSoftToken({ directory, label, pin, module })).softhsmConf } }
  const source = request.through === 'fault-shim' ? await throughShim(bare, directory) : bare
  const { tokens } = placesIn(directory)
  const away = join(directory, 'tokens.away')
  return {
    module: source,
    tokenLabel: label,
    pin,
    allowSoftware: 'any',
    pinLatch: memoryPinLatch(),
    directory,
    take: () => rename(tokens, away),
    bringBack: () => rename(away, tokens),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

const isNss = (module: string): boolean => basename(module).startsWith('libsoftokn')

async function initNssToken(
  path: string,
  { directory, label, pin }: { directory: string; label: string; pin: Secret },
): Promise<ModuleSource> {
  const { tokens } = placesIn(directory)
  await mkdir(tokens, { mode: 0o700 })
  const names = `certPrefix='' keyPrefix='' secmod='secmod.db' dbTokenDescription='${label}'`
  const source = { path, libraryParameters: `configdir='sql:${tokens}' ${names} flags=` }
  // NSS knows its security officer by an empty PIN, and names the token by the parameters alone.
  initialiseToken(source, { label, officerPin: '', pin: new TextDecoder().decode(pin.expose()) })
  return source
}
