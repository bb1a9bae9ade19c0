import { type KeyNeed, type KeyRecord, openRecoveryKeystore, provisionKeys } from '@strongroom/hsm'
import { importMovedKeys } from '@strongroom/hsm/moving'
import type { Settings } from '@strongroom/service'
import type { AppToken } from '@strongroom/service/operator'
import type { Context } from '../context.ts'
import type { World } from './at-migrator.ts'
import { type Copies, readCopies } from './copies-file.ts'
import { otherToken } from './other-token.ts'
import type { MoveOptions } from './run-move.ts'

interface Coming<S extends Settings> {
  readonly needs: readonly KeyNeed[]
  readonly options: MoveOptions
  readonly world: World<S>
  readonly context: Context
}

/** The very MAC keys, and new ones of every other job. */
export async function keysOnTarget<S extends Settings>(
  to: AppToken,
  { needs, options, world: { from, keys }, context }: Coming<S>,
): Promise<readonly KeyRecord[]> {
  const own = keys.filter(({ token }) => token === undefined)
  const here = keys.filter(({ token }) => token === to.tokenLabel).map(({ token: _, ...key }) => key)
  const records = own.filter(({ job }) => job === 'mac')
  const copies = options.copies === undefined ? undefined : readCopies(options.copies)
  const macKeys = await withSafe({ copies, options, from, context }, (safe) =>
    importMovedKeys({ target: to, records, copies: copies?.copies ?? [], safe }),
  )
  const made = await provisionKeys({ ...to, needs, existing: here })
  const known = here.filter(({ job }) => job !== 'mac')
  return [...macKeys, ...known, ...made]
}

interface Safe {
  readonly copies: Copies | undefined
  readonly options: MoveOptions
  readonly from: AppToken
  readonly context: Context
}

async function withSafe<T>(
  { copies, options, from, context }: Safe,
  work: (safe: Awaited<ReturnType<typeof openRecoveryKeystore>> | undefined) => Promise<T>,
): Promise<T> {
  if (copies === undefined) return work(undefined)
  const {
    safeModule: module,
    safeToken: label,
    safePinFile: pinFile,
    safeModuleEnv: moduleEnv,
    stateDirectory,
  } = options
  const place = { module, label, pinFile, moduleEnv, parameters: undefined, stateDirectory, prefix: '--safe' }
  const token = await otherToken(from, place, context.terminal)
  const safe = await openRecoveryKeystore({ ...token, keys: [copies.safeKey] })
  try {
    return await work(safe)
  } finally {
    await safe.close()
  }
}
