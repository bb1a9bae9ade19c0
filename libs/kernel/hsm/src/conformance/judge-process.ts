import { fork } from 'node:child_process'
import { extname } from 'node:path'
import type { JudgeNews, JudgePlan } from './judge-plan.ts'
import { tokenPromises } from './promises/index.ts'
import type { Outcome } from './run-promise.ts'
import type { Survey } from './survey.ts'

/** What one process found out before it ended, or died. */
export interface Found {
  readonly survey?: Survey
  readonly outcomes: readonly Outcome[]
  /** Why the token could not be opened. */
  readonly failure?: string
  /** The promise in which the process died, and of what. */
  readonly diedIn?: Outcome
}

interface Watch {
  readonly environment: NodeJS.ProcessEnv
  readonly listener: (outcome: Outcome) => void
  /** Of silence: after it the process is killed. */
  readonly patienceMs: number
}

/** Never rejects. */
export function judgeInProcess(plan: JudgePlan, { environment, listener, patienceMs }: Watch): Promise<Found> {
  const extension = extname(import.meta.filename)
  const child = fork(new URL(`./judge-main${extension}`, import.meta.url), {
    env: environment,
    execArgv: extension === '.ts' ? ['--conditions=@strongroom/source'] : [],
    // What a module prints is no part of a report.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { promise, resolve } = Promise.withResolvers<Found>()
  const diary = new Diary(plan.promises)
  const silence = setTimeout(() => {
    diary.reason = `nothing came from the token for ${patienceMs / 1000} seconds`
    child.kill('SIGKILL')
  }, patienceMs)
  child.on('message', (message) => {
    silence.refresh()
    const news = message as JudgeNews
    diary.note(news)
    if (news.told === 'outcome') listener(news.outcome)
  })
  child.on('error', (error) => (diary.reason = error.message))
  child.on('close', (code, signal) => {
    clearTimeout(silence)
    resolve(diary.close(`its process ended (${signal ?? String(code)})`))
  })
  child.send(plan)
  return promise
}

class Diary {
  #survey: Survey | undefined
  #begun: { area: string; says: string } | undefined
  #ended = false
  readonly #outcomes: Outcome[] = []
  readonly #wanted: readonly string[]
  reason: string | undefined

  constructor(wanted: readonly string[]) {
    this.#wanted = wanted
  }

  note(news: JudgeNews): void {
    switch (news.told) {
      case 'survey':
        this.#survey = news.survey
        return
      case 'begin':
        this.#begun = news
        return
      case 'outcome':
        this.#outcomes.push(news.outcome)
        this.#begun = undefined
        return
      case 'failure':
        this.reason = news.reason
        this.#ended = true
        return
      case 'end':
        this.#ended = true
    }
  }

  close(end: string): Found {
    const known = { ...(this.#survey && { survey: this.#survey }), outcomes: this.#outcomes }
    const reason = this.reason ?? end
    if (this.#ended) return { ...known, ...(this.reason !== undefined && { failure: reason }) }
    const died = this.#begun ?? this.#next()
    if (died === undefined) return { ...known, failure: reason }
    const { area, says } = died
    return { ...known, diedIn: { area, says, verdict: 'broken', remarks: [reason], milliseconds: 0 } }
  }

  /** Who dies between two promises may not have told which came next; who dies before the first has opened nothing. */
  #next(): { area: string; says: string } | undefined {
    if (this.#survey === undefined) return undefined
    const isTold = (says: string) => this.#outcomes.some((outcome) => outcome.says === says)
    return tokenPromises.find(({ says }) => this.#wanted.includes(says) && !isTold(says))
  }
}
