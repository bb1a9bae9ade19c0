import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TokenMaker } from '../conformance/judge-plan.ts'
import type { ModuleSource } from '../pkcs11/module-registry.ts'
import { initialiseOpencryptokiToken } from '../testing/opencryptoki-token.ts'
import { startOpencryptoki } from '../testing/private-opencryptoki.ts'
import { softToken } from '../testing/soft-token.ts'
import type { PlannedToken } from './inspection-plan.ts'

export interface ThrowAway {
  readonly maker: TokenMaker
  readonly directory: string
}

/** A place for it, and a daemon where one is needed, as long as `work` runs. Throws where a token cannot be made there. */
export async function withThrowAway<T>(
  module: ModuleSource,
  maker: TokenMaker,
  work: (module: ModuleSource, token: ThrowAway) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'strongroom-inspected-'))
  const daemon = maker === 'openCryptoki' ? await startOpencryptoki(module.path) : undefined
  try {
    const source = daemon === undefined ? module : { path: daemon.module, environment: daemon.environment }
    return await work(source, { maker, directory })
  } finally {
    await daemon?.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** In the process that works with it. */
export async function makeThrowAway(
  module: ModuleSource,
  { maker, directory }: ThrowAway,
): Promise<{ readonly module: ModuleSource; readonly token: PlannedToken }> {
  const known = { lowPinCount: 'refuse', deployment: 'inspection', app: 'inspection' } as const
  if (maker === 'openCryptoki') {
    const label = 'throw-away'
    return { module, token: { ...known, label, pin: initialiseOpencryptokiToken(module, label).expose() } }
  }
  const made = await softToken({ module: module.path, directory })
  const source = typeof made.module === 'string' ? { path: made.module } : made.module
  return { module: source, token: { ...known, label: made.tokenLabel, pin: made.pin.expose() } }
}
