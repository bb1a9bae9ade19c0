import { once } from 'node:events'
import { Secret } from '@strongroom/crypto'
import { memoryPinLatch } from '../testing/memory-pin-latch.ts'
import { initialiseOpencryptokiToken } from '../testing/opencryptoki-token.ts'
import { softToken } from '../testing/soft-token.ts'
import { throughShim } from '../testing/through-shim.ts'
import type { JudgeNews, JudgePlan } from './judge-plan.ts'
import { tokenPromises } from './promises/index.ts'
import { runPromise } from './run-promise.ts'
import { openStage, type StageToken } from './stage.ts'
import { surveyToken } from './survey.ts'

// A process of its own for each token: a vendor's library may crash or hang, and openCryptoki is told where it lives
// before a process begins.

// Who started us may have stopped listening.
const tell = (news: JudgeNews): void => void process.send?.(news, () => undefined)

const [order] = (await once(process, 'message')) as [JudgePlan]
process.once('disconnect', () => process.exit(1))
try {
  await judge(order)
  tell({ told: 'end' })
} catch (error) {
  tell({ told: 'failure', reason: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' })
}
process.disconnect?.()

async function judge({ promises, ...plan }: JudgePlan): Promise<void> {
  const stage = await openStage(await tokenOf(plan))
  try {
    tell({ told: 'survey', survey: surveyToken(stage) })
    for (const promise of tokenPromises.filter(({ says }) => promises.includes(says))) {
      tell({ told: 'begin', area: promise.area, says: promise.says })
      tell({ told: 'outcome', outcome: await runPromise(stage, promise) })
    }
  } finally {
    await stage.close()
  }
}

async function tokenOf({ module, token, executor }: Omit<JudgePlan, 'promises'>): Promise<StageToken> {
  const settings = { allowSoftware: 'any', pinLatch: memoryPinLatch(), executor, sessions: 2 } as const
  if ('pin' in token) {
    const { label, pin, profile } = token
    return { ...settings, module, tokenLabel: label, pin: new Secret(pin), profile }
  }
  const { maker, directory } = token
  if (maker === 'openCryptoki') {
    const tokenLabel = 'conformance'
    const pin = initialiseOpencryptokiToken(module, tokenLabel)
    return {
      ...settings,
      module: executor === 'process' ? await throughShim(module, directory) : module,
      tokenLabel,
      pin,
    }
  }
  const made = await softToken({
    module: module.path,
    directory,
    ...(executor === 'process' && { through: 'fault-shim' }),
  })
  return { ...settings, module: made.module, tokenLabel: made.tokenLabel, pin: made.pin }
}
