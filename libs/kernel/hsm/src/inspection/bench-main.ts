import { once } from 'node:events'
import { Secret } from '@strongroom/crypto'
import { openStage, type StageToken } from '../conformance/stage.ts'
import { memoryPinLatch } from '../testing/memory-pin-latch.ts'
import type { BenchNews, BenchPlan, Rate } from './bench-plan.ts'
import { benchKeystore } from './bench-keystore.ts'
import { reasonOf } from './reason-of.ts'
import { makeThrowAway } from './throw-away-token.ts'

const tell = (news: BenchNews): void => void process.send?.(news, () => undefined)

const [order] = (await once(process, 'message')) as [BenchPlan]
process.once('disconnect', () => process.exit(1))
const rates: Rate[] = []
try {
  await bench(order)
} catch (error) {
  tell({ rates, refusal: reasonOf(error), isDone: true })
}
process.disconnect?.()

/** Its keys are made for this and destroyed at the end. */
async function bench(plan: BenchPlan): Promise<void> {
  const stage = await openStage(await tokenOf(plan))
  try {
    const hsm = await stage.shared()
    const { executor } = hsm.describe()
    const onRate = (rate: Rate) => {
      rates.push(rate)
      tell({ rates, executor, isDone: false })
    }
    const atOnce = executor === 'inline' ? 1 : plan.sessions * 2
    await benchKeystore({ hsm, keys: stage.keys, milliseconds: plan.milliseconds, atOnce, onRate })
    tell({ rates, executor, isDone: true })
  } finally {
    await stage.close()
  }
}

/** The PIN's latch is asked by whoever started us. */
async function tokenOf({ token, module, executor, sessions }: BenchPlan): Promise<StageToken> {
  const made = 'maker' in token ? await makeThrowAway(module, token) : { module, token }
  const { label, pin, profile, lowPinCount } = made.token
  return {
    module: made.module,
    tokenLabel: label,
    pin: new Secret(pin),
    pinLatch: memoryPinLatch(),
    lowPinCount,
    allowSoftware: 'any',
    executor,
    sessions,
    ...(profile && { profile }),
  }
}
