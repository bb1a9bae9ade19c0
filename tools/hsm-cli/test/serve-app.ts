import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

export interface Served extends AsyncDisposable {
  readonly url: string
}

/** The app as an operator runs it, with these settings, until it is disposed of. */
export async function serveApp(app: string, env: NodeJS.ProcessEnv): Promise<Served> {
  const child = spawn(process.execPath, ['--conditions=@strongroom/source', `apps/${app}/src/main.ts`, 'serve'], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      HOST: '127.0.0.1',
      PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => said.push(piece.toString()))
  const ended = once(child, 'close')
  const listening = new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { listening: number }).listening))
    void ended.then(([code]) => reject(new Error(`${app} ended with ${String(code)}: ${said.join('')}`)))
  })
  const url = `http://127.0.0.1:${String(await listening)}`
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
