import { startApp, type AppProcess, type AppRun } from './app-process.ts'
import { backOff } from './back-off.ts'
import { waitUntilReady } from './health.ts'
import { lastLineOf } from './log-file.ts'
import type { Say } from './report.ts'

export interface SupervisedApp {
  readonly run: AppRun
  readonly address: string
  /** Added to the app's environment when it asks for its database and keys to be made. */
  readonly provisionEnvironment: Readonly<Record<string, string>>
  /** Mends the token, while nobody uses it. */
  healToken(): Promise<void>
  /** Copies the token, when it is known to be whole. */
  backUpToken(): Promise<void>
}

export interface Supervision {
  /** Settles when the app was ready for the first time. */
  readonly ready: Promise<void>
  /** Ends the process, which is started again: with whatever the files it reads hold by then. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const needsProvisioning = 78

/** Keeps an app running until it is told to stop. */
export function superviseApp(supervised: SupervisedApp, say: Say): Supervision {
  const stopping = new AbortController()
  const { promise: ready, resolve: markReady } = Promise.withResolvers<void>()
  const current: { process?: AppProcess } = {}
  const running = keepRunning({ supervised, say, current, markReady, signal: stopping.signal })
  return {
    ready,
    restart: async () => current.process?.stop(),
    stop: async () => {
      stopping.abort()
      await current.process?.stop()
      await running
    },
  }
}

interface Loop {
  readonly supervised: SupervisedApp
  readonly say: Say
  readonly current: { process?: AppProcess }
  readonly markReady: () => void
  readonly signal: AbortSignal
}

async function keepRunning(loop: Loop): Promise<void> {
  const { supervised, say, signal } = loop
  const { name } = supervised.run.app
  const pause = backOff(signal)
  let provisioned = false
  while (!signal.aborted) {
    const began = Date.now()
    const problem = await runOnce(loop).catch((error: unknown) => String(error))
    if (signal.aborted) return
    if (problem === needsProvisioning && !provisioned) {
      say(`${name} asks to be provisioned`)
      provisioned = await provision(loop)
      if (provisioned) continue
    }
    provisioned = false
    const ranFor = Date.now() - began
    say(
      `${name} ended (${problem}); again in ${pause.next(ranFor) / 1000} s. It said: ${lastLineOf(supervised.run.log)}`,
    )
    await pause.wait(ranFor)
  }
}

/** One life of the process. Returns its exit code. */
async function runOnce({ supervised, say, current, markReady, signal }: Loop): Promise<number | 'signal'> {
  await supervised.healToken()
  if (signal.aborted) return 0
  const process = startApp(supervised.run)
  current.process = process
  const over = new AbortController()
  const ended = process.ended.finally(() => over.abort())
  if (await waitUntilReady(supervised.address, AbortSignal.any([signal, over.signal]))) {
    await backUp(supervised, say)
    say(`${supervised.run.app.name} is ready at ${supervised.address}`)
    markReady()
  }
  return (await ended) ?? 'signal'
}

async function provision({ supervised, say, current }: Loop): Promise<boolean> {
  const { run, provisionEnvironment } = supervised
  const environment = { ...run.environment, ...provisionEnvironment }
  const process = startApp({ ...run, environment }, ['provision'])
  current.process = process
  const succeeded = (await process.ended) === 0
  if (succeeded) await backUp(supervised, say)
  return succeeded
}

/** The app runs without a new copy, too; that there is none is worth a line. */
const backUp = (supervised: SupervisedApp, say: Say): Promise<void> =>
  supervised.backUpToken().catch((error: unknown) => say(String(error)))
