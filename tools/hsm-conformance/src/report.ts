import type { Outcome } from '@strongroom/hsm/conformance'
import type { ModuleResult } from './result.ts'

/** For people: what each module is, can do, and keeps. Markdown. */
export const reportOf = (results: readonly ModuleResult[]): string =>
  ['# PKCS#11 conformance', ...results.map(sectionOf)].join('\n\n')

function sectionOf(result: ModuleResult): string {
  const { name, path, passed, failed, unsupported, failure, notes, promises } = result
  const kept = `**${String(passed - unsupported)} promises kept, ${String(unsupported)} refused as unsupported, ${String(failed)} broken.**`
  return [
    `## ${name}`,
    `\`${path}\``,
    kept,
    ...(failure === undefined ? [] : [`The token could not be judged: ${failure}`]),
    ...describe(result),
    ...(promises.length > 0 ? [areasTable(promises)] : []),
    ...list('What is broken', brokenLines(promises)),
    ...list('What to know', notes),
  ].join('\n\n')
}

function describe({ library, token, ...survey }: ModuleResult): readonly string[] {
  if (library === undefined || token === undefined) return []
  const rows = [
    ['library', `${library.manufacturer}, ${library.description}, ${library.version}; Cryptoki ${library.cryptoki}`],
    ['token', `${token.manufacturer}, ${token.model}; keys in ${token.software ? 'software' : 'hardware'}`],
    ['proved strategies', survey.strategies.join(', ') || 'none'],
    [
      'not supported',
      survey.missing?.map((reason) => reason.replace('the token does not support ', '')).join('; ') ||
        'nothing missing',
    ],
    ['lists of allowed mechanisms', survey.mechanismLists ?? ''],
    ['keys that may not be extracted', survey.extractable ?? ''],
    ['mechanisms listed', `${String(survey.mechanisms)}, among them ${survey.listed?.join(', ') ?? ''}`],
    ['a call', `${(survey.millisecondsPerCall ?? 0).toPrecision(2)} ms`],
  ]
  return [table(['what', 'found'], rows)]
}

const count = (outcomes: readonly Outcome[] = [], verdict: Outcome['verdict']) =>
  String(outcomes.filter((outcome) => outcome.verdict === verdict).length)

function areasTable(promises: readonly Outcome[]): string {
  const areas = Object.entries(Object.groupBy(promises, ({ area }) => area))
  const rows = areas.map(([area, outcomes]) => [
    area,
    count(outcomes, 'kept'),
    count(outcomes, 'unsupported'),
    count(outcomes, 'broken'),
  ])
  return table(['promises', 'kept', 'unsupported', 'broken'], rows)
}

const brokenLines = (promises: readonly Outcome[]): readonly string[] =>
  promises
    .filter(({ verdict }) => verdict === 'broken')
    .map(({ area, says, remarks }) => `${area}: ${says}. ${remarks.join('; ')}`)

const list = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length > 0 ? [`### ${title}`, lines.map((line) => `- ${line}`).join('\n')] : []

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escape).join(' | ')} |`).join('\n')

const escape = (cell: string): string => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')
