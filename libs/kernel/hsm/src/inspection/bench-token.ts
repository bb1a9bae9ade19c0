import { HsmRefusal } from '../errors.ts'
import type { ExecutorKind } from '../keystore-options.ts'
import { latchIfRefused, refuseLatchedPin } from '../log-in.ts'
import type { BenchNews, BenchPlan, Rate } from './bench-plan.ts'
import type { TokenToInspect } from './inspect-token.ts'
import { moduleVariables, runApart } from './run-apart.ts'
import { withThrowAway } from './throw-away-token.ts'

export interface TokenToBench extends Pick<TokenToInspect, 'module'> {
  readonly token: NonNullable<TokenToInspect['token']>
  readonly executor: ExecutorKind
  readonly sessions: number
  readonly milliseconds: number
}

export interface Benched {
  readonly rates: readonly Rate[]
  readonly executor?: 'inline' | 'process'
  /** Why there are no rates, or no more of them. */
  readonly failure?: string
}

const PATIENCE_MS = 60_000

/** How often the token does what apps ask of it, on keys that are made for this and destroyed. Throws `HsmRefusal` for a latched PIN. */
export async function benchToken({ module, token, ...how }: TokenToBench): Promise<Benched> {
  if (typeof token === 'string')
    return withThrowAway(module, token, (source, made) => benchInProcess({ ...how, module: source, token: made }))
  const { label, pin, pinLatch, profile, deployment = 'bench', app = 'bench' } = token
  const lowPinCount = await refuseLatchedPin(label, { lowPinCount: 'refuse', ...token })
  const planned = { label, pin: pin.expose(), profile, lowPinCount, deployment, app }
  // A process that holds the token is given what its module is said to read, and no more.
  const source = { ...module, environment: { ...moduleVariables(), ...module.environment } }
  return benchInProcess({ ...how, module: source, token: planned }, (message) =>
    latchIfRefused(new HsmRefusal('pin-refused', message), { pin, pinLatch }),
  )
}

async function benchInProcess(plan: BenchPlan, onRefusedPin?: (message: string) => Promise<void>): Promise<Benched> {
  const patienceMs = PATIENCE_MS + 2 * plan.milliseconds
  const { last, end } = await runApart<BenchNews>({ script: 'bench-main', plan, patienceMs })
  const { rates = [], executor, refusal } = last ?? {}
  if (refusal?.reason === 'pin-refused') await onRefusedPin?.(refusal.message)
  const failure = refusal?.message ?? (last?.isDone === true ? undefined : end)
  return { rates, ...(executor && { executor }), ...(failure !== undefined && { failure }) }
}
