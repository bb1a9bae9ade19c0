import type { ChildProcess } from 'node:child_process'

/** Waits for a child that was started with pipes. Rejects when it could not be started at all. */
export async function collect(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done({ code, output: Buffer.concat(chunks).toString('utf8').trim() }))
  })
}
