import { fromHex } from '@strongroom/crypto'
import { type AppRun, runCommand } from './app-process.ts'
import { type AppParts, environmentOf } from './environment.ts'
import { keepFunded } from './keep-funded.ts'
import { logOf, type Places } from './places.ts'

interface Paying {
  readonly places: Places
  readonly parts: readonly AppParts[]
  /** Settles when every app has its keys and its tables. */
  readonly ready: Promise<unknown>
  readonly superuserUrl: () => string
}

/** Gives money to whoever pays for accounts, as long as the world runs; on Flow an account to pay from. */
export async function payForChains(
  { places, parts, ready, superuserUrl }: Paying,
  stack: AsyncDisposableStack,
): Promise<void> {
  for (const part of parts) {
    const { app, surroundings } = part
    const { chains } = surroundings
    if (!chains || !app.needs?.includes('chain')) continue
    const run = { app, log: logOf(places, app.name), environment: await environmentOf(places, part) }
    const database = () =>
      Object.assign(new URL(superuserUrl()), { pathname: `/${app.name.replaceAll('-', '_')}` }).href
    const standing = { is: false }
    void ready.then(() => (standing.is = true)).catch(() => undefined)
    const funding = keepFunded(async () => {
      await chains.fund(database())
      // Before its first start the app has no key that could pay.
      if (standing.is) await chains.openPayer(() => askPayerKey(run))
    })
    stack.defer(() => funding.stop())
  }
}

/** `undefined`: it does not say, or cannot yet. */
async function askPayerKey(run: AppRun): Promise<Uint8Array | undefined> {
  const printed = await runCommand(run, 'list-relayers')
  const [, key] = /^flow ([0-9a-f]{128})$/m.exec(printed ?? '') ?? []
  return key === undefined ? undefined : fromHex(key)
}
