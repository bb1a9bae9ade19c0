import type { Page } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'
import { startedChromium, stopChromium } from './chromium.ts'
import type { ServedPage } from './serve-page.ts'

type Exported = (...args: never[]) => unknown

/** A tab with a page in it. */
export interface OpenPage<Exports> {
  /** Playwright's page: to click, to reload, to look at. */
  readonly tab: Page
  /** Calls what the page's module exports. Arguments and answers are copied: JSON's types, bytes, bigints, dates. */
  call<Name extends NamesOfFunctions<Exports>>(
    name: Name,
    ...args: ArgumentsOf<Exports[Name]>
  ): Promise<AnswerOf<Exports[Name]>>
}

type NamesOfFunctions<Exports> = {
  [Name in keyof Exports]: Exports[Name] extends Exported ? Name : never
}[keyof Exports] &
  string
type ArgumentsOf<F> = F extends (...args: infer Arguments) => unknown ? Arguments : never
type AnswerOf<F> = F extends (...args: never[]) => infer Answer ? Awaited<Answer> : never

/** A person's browser: storage and passkeys of its own. */
export interface TestBrowser {
  open<Exports>(page: ServedPage<Exports>): Promise<OpenPage<Exports>>
}

afterAll(stopChromium)

/** A fresh browser for the test that asks, gone when it ends. What its pages threw, and nobody caught, fails the test. */
export async function openBrowser(): Promise<TestBrowser> {
  const chromium = await startedChromium()
  const context = await chromium.newContext({ serviceWorkers: 'block' })
  const thrown: Error[] = []
  context.on('weberror', (event) => thrown.push(event.error()))
  onTestFinished(async () => {
    await context.close()
    if (thrown.length > 0) throw new AggregateError(thrown, `a page threw: ${thrown.map(String).join(', ')}`)
  })
  return {
    async open(page) {
      const tab = await context.newPage()
      await tab.goto(page.origin)
      return { tab, call: (name, ...args) => tab.evaluate(callExport, { name, args }) as never }
    },
  }
}

/** Runs in the page. */
async function callExport({ name, args }: { name: string; args: unknown[] }): Promise<unknown> {
  const { strongroomPage } = globalThis as unknown as {
    strongroomPage: Record<string, (...given: unknown[]) => unknown>
  }
  return strongroomPage[name]?.(...args)
}
