import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as Pkcs11Js from 'pkcs11js'
import type { PKCS11 } from 'pkcs11js'
import { HsmRefusal } from '../errors.ts'
import { CKF, CKR } from './cryptoki.ts'
import { isDeviceError, toDeviceError } from './device-error.ts'

/** Which PKCS#11 module, and what it reads when it is initialised. */
export interface ModuleSource {
  /** The shared library. */
  readonly path: string
  /** `pReserved` of `C_Initialize`: NSS takes its directory this way. */
  readonly libraryParameters?: string
  /**
   * Variables set during `C_Initialize` only, such as `SOFTHSM2_CONF`; so two modules of one process can read two files.
   * Works on the main thread: a worker's `process.env` never reaches native code.
   */
  readonly environment?: Readonly<Record<string, string>>
}

/** An initialised module. Sessions, handles and logins of an earlier generation are gone. */
export interface LoadedModule {
  readonly pkcs11: PKCS11
  readonly generation: number
  /** `C_Finalize` and `C_Initialize`, unless another user of the module has done so since `seen`. */
  reinitialise(seen: number): void
  /** The last release finalises. */
  release(): void
}

interface Entry {
  readonly pkcs11: PKCS11
  readonly source: ModuleSource
  generation: number
  users: number
}

// Entries stay for ever: pkcs11js unloads the library when its object is collected, under whoever still uses it.
const loaded = new Map<string, Entry>()

/** Loads and initialises the module once per process, however many keystores use it. Throws `HsmRefusal` or `DeviceError`. */
export function acquireModule(source: ModuleSource): LoadedModule {
  const path = resolveModule(source.path)
  const entry = loaded.get(path) ?? { pkcs11: loadModule(path), source, generation: 0, users: 0 }
  loaded.set(path, entry)
  if (entry.users > 0 && !sameSettings(entry.source, source)) {
    const remedy = 'give both the same libraryParameters and environment, or use a copy of the module file'
    throw new HsmRefusal('module-shared', `the module ${path} is in use with other settings: ${remedy}`)
  }
  Object.assign(entry, { source })
  if (entry.users === 0) initialise(entry)
  entry.users++
  return holdEntry(entry)
}

/** For another thread of the process in which `acquireModule` has initialised it, and keeps it. Throws `HsmRefusal`. */
export const loadInitialised = ({ path }: ModuleSource): PKCS11 => loadModule(resolveModule(path))

function holdEntry(entry: Entry): LoadedModule {
  let held = true
  return {
    pkcs11: entry.pkcs11,
    get generation() {
      return entry.generation
    },
    reinitialise(seen) {
      if (seen !== entry.generation) return
      finalise(entry)
      initialise(entry)
    },
    release() {
      if (!held) return
      held = false
      if (--entry.users === 0) finalise(entry)
    },
  }
}

function initialise(entry: Entry): void {
  const { libraryParameters, environment = {} } = entry.source
  const before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]))
  Object.assign(process.env, environment)
  try {
    // pkcs11js drops the last character of libraryParameters, hence the space. Without OS locking a module takes the
    // process for single-threaded, and crashes as soon as a second thread calls it.
    const parameters = libraryParameters === undefined ? {} : { libraryParameters: `${libraryParameters} ` }
    entry.pkcs11.C_Initialize({ flags: CKF.osLocking, ...parameters })
  } catch (error) {
    const failure = toDeviceError(error, 'C_Initialize')
    if (!isDeviceError(failure, CKR.cryptokiAlreadyInitialized)) throw failure
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  entry.generation++
}

function finalise(entry: Entry): void {
  try {
    entry.pkcs11.C_Finalize()
  } catch {
    // Not initialised, or the device is gone: either way there is nothing left to finalise.
  }
}

function resolveModule(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    throw new HsmRefusal('module-missing', `no PKCS#11 module at ${path}: install it, or correct the path`)
  }
}

function loadModule(path: string): PKCS11 {
  const { PKCS11: Binding } = loadBinding()
  const pkcs11 = new Binding()
  try {
    pkcs11.load(path)
  } catch {
    const remedy = 'name the shared library itself, built for this machine'
    throw new HsmRefusal('module-invalid', `${path} is not a PKCS#11 module that loads here: ${remedy}`)
  }
  return pkcs11
}

function loadBinding(): typeof Pkcs11Js {
  try {
    return createRequire(import.meta.url)('pkcs11js')
  } catch {
    const remedy = 'allow the install script of pkcs11js and install again (it needs a C++ compiler)'
    throw new HsmRefusal('module-invalid', `the native part of pkcs11js was not built: ${remedy}`)
  }
}

const sameSettings = (a: ModuleSource, b: ModuleSource): boolean =>
  a.libraryParameters === b.libraryParameters &&
  JSON.stringify(a.environment ?? {}) === JSON.stringify(b.environment ?? {})
