import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { checkout } from '@strongroom/postgres'

export interface ChildOptions {
  /** From the root of the checkout. */
  readonly script: string
  readonly args?: readonly string[]
  readonly nodeArguments?: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What it writes goes to a file, as under a container runtime: nobody reads along on our cores. */
  readonly log: string
}

export interface Child {
  readonly process: ChildProcess
  /** Settles when it ended well. Throws with the end of its log where it did not. */
  ended(): Promise<void>
  /** What its next message says that has such a property. */
  told<T>(name: string): Promise<T>
  /** Sends it a message and waits for the answer of the same name. */
  ask<T>(name: string, details?: object): Promise<T>
  stop(): Promise<void>
}

/** Characters of a log that an error quotes. */
const SAID = 2000

export function startChild({ script, args = [], nodeArguments = [], environment, log }: ChildOptions): Child {
  const file = openSync(log, 'a', 0o600)
  const child = fork(script, args, {
    cwd: checkout,
    execArgv: ['--conditions=@strongroom/source', ...nodeArguments],
    env: environment,
    stdio: ['ignore', file, file, 'ipc'],
    serialization: 'json',
  })
  closeSync(file)
  const failure = (code: number | null) =>
    new Error(`${script} ended with ${String(code)}:\n${readFileSync(log, 'utf8').slice(-SAID)}`)
  const told: Child['told'] = (name) =>
    new Promise((resolve, reject) => {
      const listen = (message: object) => {
        if (!(name in message)) return
        child.off('message', listen)
        child.off('exit', ended)
        resolve((message as Record<string, unknown>)[name] as never)
      }
      const ended = (code: number | null) => reject(failure(code))
      child.on('message', listen)
      child.once('exit', ended)
    })
  return {
    process: child,
    told,
    async ended() {
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code !== 0) throw failure(code)
    },
    ask(name, details = {}) {
      const answer = told<never>(name)
      child.send({ ask: name, ...details })
      return answer
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      // One that was made to pause would never hear it.
      child.kill('SIGCONT')
      await ended
    },
  }
}
