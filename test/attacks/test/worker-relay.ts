import type { AppProcess, TestApp } from '@strongroom/test-world'
import { onTestFinished } from 'vitest'
import { kill } from './key-server.ts'

/** One worker after another: each is killed by a test, and the next takes over. */
export class WorkerRelay {
  readonly #app: TestApp
  #worker: AppProcess | undefined

  constructor(app: TestApp) {
    this.#app = app
  }

  async next(): Promise<void> {
    this.#worker = await this.#app.spawn({}, '--role=worker')
  }

  /** Stands still between two statements, connections and all, while `act` makes work for it. */
  async standStill<T>(act: () => Promise<T>): Promise<T> {
    const worker = this.#current()
    worker.child.kill('SIGSTOP')
    onTestFinished(() => void worker.child.kill('SIGCONT'))
    try {
      return await act()
    } finally {
      worker.child.kill('SIGCONT')
    }
  }

  kill(): Promise<void> {
    return kill(this.#current())
  }

  #current(): AppProcess {
    if (this.#worker === undefined) throw new Error('No worker runs.')
    return this.#worker
  }
}
