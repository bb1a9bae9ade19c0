import { type KeyRecord, neededOn } from '@strongroom/hsm'
import { kernelSettings, recoverySettings, textOf } from '@strongroom/service'
import { type AppToken, ownTokens, readSettings, recordedKeys, recoveryToken } from '@strongroom/service/operator'
import { openDatabase } from '@strongroom/storage'
import { needsOf, withApp } from '../apps.ts'
import type { Context } from '../context.ts'
import { Unusable } from '../outcome.ts'
import type { DoctorOptions, Wish } from './run-doctor.ts'

/**
 * Every token of the app as its settings name them, with what the app asks of each; its database remembers refused PINs
 * meanwhile. Throws `Unusable` or `BadSettings`.
 */
export async function withAppTokens<T>(
  options: DoctorOptions & { readonly app: string },
  { env }: Context,
  use: (wishes: readonly Wish[]) => Promise<T>,
): Promise<T> {
  const { app } = options
  refuseBoth(options)
  return withApp(app, async (service) => {
    const needs = needsOf(service)
    const settings = readSettings(kernelSettings, env)
    const hasRecovery = service.recovery !== undefined && env['RECOVERY_HSM_TOKEN_LABEL'] !== undefined
    const recovery = hasRecovery ? readSettings(recoverySettings, env) : undefined
    const database = openDatabase({ connectionString: textOf(settings.DATABASE_URL), connections: 1 })
    try {
      const tokens = ownTokens(app, settings, database)
      // Those that are being destroyed are on some tokens, and not on others.
      const recorded = (await recordedKeys(database)).filter(({ state }) => state !== 'destroying')
      const own = tokens.map((token, at) => {
        const mine = recorded.filter(
          ({ token: of, job }) => job !== 'recover' && of === (at === 0 ? undefined : token.tokenLabel),
        )
        const jobs = neededOn(at === 0 ? 'first' : 'further', needs).filter(({ job }) => job !== 'recover')
        return wishOf(app, token, { keys: mine, needs: jobs })
      })
      if (recovery === undefined) return await use(own)
      const third = recoveryToken(tokens[0], { ...settings, ...recovery }, database)
      const keys = recorded.filter(({ job }) => job === 'recover')
      return await use([...own, wishOf(app, third, { keys, needs: [{ job: 'recover', use: '' }] })])
    } finally {
      await database.close()
    }
  })
}

function wishOf(
  app: string,
  { module, tokenLabel: label, pin, pinLatch, profile, deployment, app: name }: AppToken,
  { keys, needs }: { keys: readonly KeyRecord[]; needs: Wish['asked'][number]['needs'] },
): Wish {
  const source = typeof module === 'string' ? { path: module } : module
  const token = { label, pin, pinLatch, deployment, app: name, ...(profile !== undefined && { profile }) }
  return {
    subject: { name: `${app}, token "${label}"`, kind: 'own', look: { module: source, token, keys } },
    asked: [{ app, needs }],
    demanded: 'all',
  }
}

function refuseBoth({ module, token, pinFile, profile, parameters }: DoctorOptions): void {
  if ([module, token, pinFile, profile, parameters].every((one) => one === undefined)) return
  throw new Unusable('--app takes module, token and PIN from the settings of the app: leave the other options away')
}
