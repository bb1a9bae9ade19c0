import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModuleSource } from '../pkcs11/module-registry.ts'
import { buildNative } from './build-native.ts'
import { CONTROL_VARIABLE, MODULE_VARIABLE, ShimControl } from './shim-control.ts'

/** The module behind a fault shim of its own, kept in that directory: a copy, since a shim knows one module. */
export async function throughShim(source: ModuleSource, directory: string): Promise<ModuleSource> {
  const [path, control] = [join(directory, 'fault-shim.so'), join(directory, 'fault-shim.control')]
  await copyFile(await buildNative('fault-shim'), path)
  ShimControl.make(control)
  const environment = { ...source.environment, [MODULE_VARIABLE]: source.path, [CONTROL_VARIABLE]: control }
  return { ...source, path, environment }
}
