import { spawn, type ChildProcess } from 'node:child_process'
import { clusterAccount } from './account.ts'

/**
 * A shell that holds a pipe to us and stops the server when the pipe closes, however we died. In a session of its own, so
 * that neither Ctrl-C nor a kill of our process group reaches it before it has done that.
 */
export function leash(pid: number): { release(): void } {
  const script = 'read -r _; kill -INT "$1"'
  const holder: ChildProcess = spawn('/bin/sh', ['-c', script, 'sh', String(pid)], {
    ...clusterAccount(),
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  holder.on('error', () => undefined)
  holder.stdin?.on('error', () => undefined)
  holder.unref()
  // The pipe must not keep our process alive; it is the kernel that closes it when we end.
  if (holder.stdin && 'unref' in holder.stdin) (holder.stdin as unknown as { unref(): void }).unref()
  return { release: () => void holder.kill('SIGKILL') }
}
