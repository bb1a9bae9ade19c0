import { existsSync } from 'node:fs'
import { type Head, headsInFile, type Verdict, verifyAudit } from '@strongroom/audit'
import { toHex } from '@strongroom/crypto'
import { explain } from './meanings.ts'
import { type Options, readOptions, usage } from './options.ts'
import { openSources, type Sources } from './sources.ts'

export interface Output {
  say(line: string): void
  complain(line: string): void
}

const exitCodes = { fine: 0, bad: 1, unusable: 2 } as const

/** Runs the command and answers with the exit code: 0 fine, 1 bad, 2 wrong usage or nothing could be verified. */
export async function runAudit(argv: string[], output: Output): Promise<number> {
  const options = readOptions(argv)
  if (typeof options === 'string') {
    output.complain(`${options}\n${usage}`)
    return exitCodes.unusable
  }
  try {
    return await run(options, output)
  } catch (error) {
    output.complain(`Nothing was verified: ${reasonOf(error)}`)
    return exitCodes.unusable
  }
}

async function run(options: Options, output: Output): Promise<number> {
  const sources = await openSources(options)
  try {
    if (options.command === 'verify') return await verify(options, { sources, output })
    for (const key of await sources.publicKeys()) output.say(toHex(key))
    return exitCodes.fine
  } finally {
    await sources.database.close()
  }
}

async function verify(
  { app, deployment, output: format }: Options,
  { sources, output }: { sources: Sources; output: Output },
): Promise<number> {
  const verdict = await verifyAudit({
    statements: sources.database.reading,
    publicKeys: await sources.publicKeys(),
    heads: headsOf(sources.headsFile),
    deployment,
    app,
  })
  output.say(format === 'json' ? JSON.stringify(verdict) : describe(verdict, app))
  return verdict.ok ? exitCodes.fine : exitCodes.bad
}

// Without what left the database a rollback cannot be seen: better no verdict than a good one.
function headsOf(path: string): AsyncIterable<Head> {
  if (!existsSync(path)) throw new Error(`there are no heads in ${path}; say where they are with --sink file:/path`)
  return headsInFile(path)
}

function describe(verdict: Verdict, app: string): string {
  if (!verdict.ok) return explain(verdict.firstBad)
  const { entries, lastHead } = verdict
  if (!lastHead) return `Fine: the audit log of ${app} is empty, and so is its sink.`
  const covered = `the sink's last head, of ${lastHead.at}, covers ${String(lastHead.position)} of them`
  return `Fine: ${String(entries)} entries of ${app} are linked and unchanged; ${covered}.`
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
