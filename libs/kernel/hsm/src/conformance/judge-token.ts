import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModuleSource } from '../pkcs11/module-registry.ts'
import { startOpencryptoki } from '../testing/private-opencryptoki.ts'
import type { JudgePlan, OwnToken, TokenMaker } from './judge-plan.ts'
import { type Found, judgeInProcess } from './judge-process.ts'
import { tokenPromises } from './promises/index.ts'
import type { Outcome } from './run-promise.ts'
import type { Survey } from './survey.ts'
import type { TokenPromise } from './token-promise.ts'

/** Which token: one that exists, on which keys are made and destroyed, or a throw-away one. */
export interface TokenToJudge {
  readonly module: ModuleSource
  readonly token: OwnToken | TokenMaker
  /** `inline` by default; `process` for throw-away tokens alone, since it wants a fault shim below the binding. */
  readonly executor?: JudgePlan['executor']
  /** The areas whose promises are tried; all by default. */
  readonly areas?: readonly string[]
  /** Of silence, after which the token is taken for hung: three minutes by default. */
  readonly patienceMs?: number
}

export interface Judgement {
  /** Absent where the token could not even be opened. */
  readonly survey?: Survey
  /** One for every promise that was to be tried, unless the token could not be opened. */
  readonly outcomes: readonly Outcome[]
  /** Why the token could not be opened. */
  readonly failure?: string
}

const MOST_DEATHS = 3
const PATIENCE_MS = 180_000

/**
 * Tries every promise on the token, in a process of its own. A promise in which that process died is broken, and another
 * process goes on behind it. Throws only where a throw-away token cannot be made.
 */
export async function judgeToken(
  subject: TokenToJudge,
  listener: (outcome: Outcome) => void = () => undefined,
): Promise<Judgement> {
  const { areas } = subject
  const wanted = tokenPromises.filter(({ area }) => areas === undefined || areas.includes(area))
  const outcomes: Outcome[] = []
  let survey: Survey | undefined
  for (let deaths = 0; deaths < MOST_DEATHS; deaths++) {
    const promises = untried(wanted, outcomes).map(({ says }) => says)
    const found = await judgeOnce(subject, { promises, listener })
    outcomes.push(...found.outcomes)
    survey ??= found.survey
    if (found.diedIn === undefined) return { ...found, ...(survey && { survey }), outcomes }
    outcomes.push(found.diedIn)
    listener(found.diedIn)
  }
  for (const { area, says } of untried(wanted, outcomes)) {
    outcomes.push({
      area,
      says,
      verdict: 'broken',
      remarks: ['not tried: the process died too often'],
      milliseconds: 0,
    })
  }
  return { ...(survey && { survey }), outcomes }
}

const untried = (wanted: readonly TokenPromise[], outcomes: readonly Outcome[]): readonly TokenPromise[] =>
  wanted.filter(({ says }) => !outcomes.some((outcome) => outcome.says === says))

interface Try {
  readonly promises: readonly string[]
  readonly listener: (outcome: Outcome) => void
}

async function judgeOnce(
  { module, token, executor = 'inline', patienceMs = PATIENCE_MS }: TokenToJudge,
  { promises, listener }: Try,
): Promise<Found> {
  const watch = { environment: process.env, listener, patienceMs }
  if (typeof token !== 'string') return judgeInProcess({ module, token, executor, promises }, watch)
  const directory = await mkdtemp(join(tmpdir(), 'strongroom-judged-'))
  const made = { executor, promises, token: { maker: token, directory } }
  const opencryptoki = token === 'openCryptoki' ? await startOpencryptoki(module.path) : undefined
  try {
    const environment = opencryptoki?.environment ?? {}
    // Both: the process itself must begin with it, and so must those that it starts to hold the token.
    const source = opencryptoki === undefined ? module : { path: opencryptoki.module, environment }
    return await judgeInProcess(
      { ...made, module: source },
      { ...watch, environment: { ...process.env, ...environment } },
    )
  } finally {
    await opencryptoki?.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
