import { spawn } from 'node:child_process'

/**
 * A shell that holds a pipe to us and ends the node when the pipe closes, however we died. In a session of its own: what is
 * sent to our process group must not reach it before it has done that.
 */
export function leash(pid: number): { release(): void } {
  const holder = spawn('/bin/sh', ['-c', 'read -r _; kill -TERM "$1"', 'sh', String(pid)], {
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  holder.on('error', () => undefined)
  holder.stdin.on('error', () => undefined)
  holder.unref()
  // The pipe must not keep our process alive; it is the kernel that closes it when we end.
  ;(holder.stdin as unknown as { unref(): void }).unref()
  return { release: () => void holder.kill('SIGKILL') }
}
