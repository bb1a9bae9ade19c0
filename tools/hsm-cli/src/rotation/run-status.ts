import type { Context } from '../context.ts'
import { list, table } from '../markdown.ts'
import { type ExitCode, exitCodes } from '../outcome.ts'
import type { KeyStatus, UseStatus, References, RewrapProgress } from '@strongroom/service'
import { describeProgress } from './describe-progress.ts'
import { type Desks, withDesks } from './with-desk.ts'

export interface StatusOptions {
  readonly app: string
  readonly json?: boolean
}

interface Found {
  readonly status: KeyStatus
  readonly rewrap: RewrapProgress
  /** Of every version but the active one. */
  readonly references: readonly References[]
  readonly macs: readonly UseStatus[]
  readonly signing: readonly UseStatus[]
}

/** What keys there are, who works with them, and what still needs an old one. */
export async function runStatus({ app, json }: StatusOptions, context: Context): Promise<ExitCode> {
  const found = await withDesks(app, context, lookAt)
  context.terminal.say(json === true ? JSON.stringify({ app, ...found }, undefined, 2) : reportOf(app, found))
  return exitCodes.fine
}

async function lookAt({ keys: desk, of }: Desks): Promise<Found> {
  const status = await desk.status()
  const references: References[] = []
  for (const { version, state } of status.versions) {
    if (state === 'retired' || state === 'destroying') references.push(await desk.references(version))
  }
  return {
    status,
    rewrap: await desk.rewrapProgress(),
    references,
    macs: await of.mac.status(),
    signing: await of.sign.status(),
  }
}

function reportOf(app: string, { status, rewrap, references, macs, signing }: Found): string {
  const { versions, replicas, generation, tokens } = status
  return [
    `# Keys of ${app}`,
    `Tokens: ${tokens.map((label) => `"${label}"`).join(', ')}. Generation ${String(generation)} of its keys.`,
    table(
      ['version', 'state', 'token', 'job', 'key', 'strategy', 'from'],
      versions.flatMap(({ version, state, keys }) =>
        keys.map(({ token, job, label, strategy, source }) => [
          String(version),
          state,
          token,
          job,
          label,
          strategy,
          source,
        ]),
      ),
    ),
    replicas.length === 0
      ? 'No process of the app is running.'
      : table(
          ['process', 'has the newest keys', 'seen'],
          replicas.map(({ name, isCurrent, seenSecondsAgo }) => [
            name,
            isCurrent ? 'yes' : 'not yet',
            `${String(Math.round(seenSecondsAgo))} s ago`,
          ]),
        ),
    describeProgress(rewrap),
    ...references.flatMap(describeReferences),
    table(['MAC key', 'what its values become', 'version', 'state', 'needed by'], macs.flatMap(rowsOf)),
    table(['signing key', 'what its signatures become', 'version', 'state', 'needed by'], signing.flatMap(rowsOf)),
  ].join('\n\n')
}

const rowsOf = ({ use, rotates, versions }: UseStatus): readonly (readonly string[])[] =>
  versions.map(({ version, state, needed }) => {
    const by = needed.map(({ table: name, column, rows }) => `${name}.${column}: ${String(rows)} rows`)
    return [use, rotates, String(version), state, by.join(', ')]
  })

export function describeReferences({ version, rows, columns }: References): readonly string[] {
  if (rows === 0) return [`Nothing needs version ${String(version)}: it may be destroyed.`]
  const lines = columns.map(({ table: name, column, rows: count }) => `${name}.${column}: ${String(count)} rows`)
  return [`Version ${String(version)} is needed by ${String(rows)} rows:`, list(lines)]
}
