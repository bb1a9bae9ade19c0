import type { Latency, TokenLook } from '@strongroom/hsm/inspection'
import { list, table } from '../markdown.ts'
import type { AppCarried } from './carried.ts'
import type { Examination } from './examine.ts'
import type { Finding } from './finding.ts'

/** `document`: without what differs from machine to machine, such as paths, serials and times. */
export type Audience = 'operator' | 'document'

/** For people. Markdown. */
export const reportOf = (all: readonly Examination[], audience: Audience): string =>
  ['# HSM report', ...all.map((one) => sectionOf(one, audience))].join('\n\n')

function sectionOf(examined: Examination, audience: Audience): string {
  const { name, findings, apps, proofs, stopped, module } = examined
  return [
    `## ${name}`,
    ...(audience === 'operator' ? [`\`${module.path}\``] : []),
    `**${verdictOf(examined)}**`,
    ...findingsOf('To mend', findings, 'mend'),
    table(['what', 'found'], rowsOf(examined, audience)),
    ...slotTable(examined, audience),
    ...(proofs === undefined ? [] : [jobTable(examined)]),
    ...(apps.length > 0 ? [appTable(apps)] : []),
    ...(proofs === undefined ? [] : [latencyTable(proofs.latencies, audience)]),
    ...keyTable(examined),
    ...(stopped === undefined ? [] : [`The look ended at the step “${stopped.at}”: what comes after it is not known.`]),
    ...findingsOf('To know', findings, 'know'),
  ].join('\n\n')
}

function verdictOf({ verdict, apps, proofs, kind }: Examination): string {
  if (proofs === undefined)
    return verdict === 'fine' ? 'The module loads. No token was looked at.' : 'It cannot be used as it is.'
  const able = apps.filter(({ runs }) => runs).map(({ app }) => app)
  const carries = able.length === 0 ? 'It carries none of these apps.' : `It carries ${able.join(', ')}.`
  const mended = verdict === 'mend' ? ' Something must be mended first.' : ''
  return `${carries}${mended}${kind === 'throw-away' ? ' Tried on a throw-away token.' : ''}`
}

const findingsOf = (title: string, findings: readonly Finding[], level: Finding['level']): readonly string[] => {
  const own = findings.filter((one) => one.level === level)
  return own.length === 0 ? [] : [`### ${title}`, list(own.map(({ says, remedy }) => `${says} ${remedy}`))]
}

function rowsOf({ module: { library }, token, proofs, keys }: Examination, audience: Audience): readonly string[][] {
  const rows: string[][] = []
  if (library !== undefined)
    rows.push([
      'library',
      `${library.manufacturer}, ${library.description}, ${library.version}; Cryptoki ${library.cryptoki}`,
    ])
  if (token !== undefined) rows.push(...tokenRows(token, audience))
  if (proofs === undefined) return rows
  const { mechanisms, listed, mechanismLists, extractable, sessions, executor, lockWrap } = proofs
  rows.push(
    ['mechanisms', `${String(mechanisms)} listed, among them ${listed.join(', ')}`],
    ['lists of allowed mechanisms', mechanismLists],
    ['keys that may not be extracted', extractable],
    ['locks keys with a PIN', lockWrap ?? 'in our process'],
    ['sessions', `${String(sessions.opened)} of ${String(sessions.tried)} could be opened at once`],
    ['where to work with it', executor === 'inline' ? 'inline, or auto' : 'in a process of its own, or auto'],
  )
  if (keys.length > 0) {
    const sound = keys.filter(({ refusal }) => refusal === undefined).length
    rows.push(['recorded keys', `${String(sound)} of ${String(keys.length)} are as recorded`])
  }
  return rows
}

function tokenRows(
  { description, firmware, profile, pin, mostSessions, memory, objects }: TokenLook,
  audience: Audience,
) {
  const { label, manufacturer, model, serial, software } = description
  const made = `${manufacturer}, ${model}, firmware ${firmware}; keys in ${software ? 'software' : 'hardware'}`
  const own = [
    ['token', `"${label}", serial ${serial}`],
    [
      'memory',
      memory === undefined ? 'it does not say' : `${String(memory.free)} of ${String(memory.total)} bytes free`,
    ],
    ['objects on it', objects === undefined ? 'not seen' : objects === 'many' ? '64 or more' : String(objects)],
  ]
  return [
    ['make', made],
    ...(audience === 'operator' ? own : []),
    ['profile', profile],
    ['PIN', `count ${pin.count}${pin.mustBeChanged ? ', to be changed' : ''}`],
    ['most sessions, as it says', mostSessions === undefined ? 'it does not say' : String(mostSessions)],
  ]
}

function slotTable({ slots }: Examination, audience: Audience): readonly string[] {
  if (audience === 'document' || slots.length === 0) return []
  const rows = slots.map(({ description, hardware, token }) => [
    description,
    hardware ? 'hardware' : 'software, or it does not say',
    token === undefined ? 'none that is initialised' : `"${token.label}", ${token.model}, serial ${token.serial}`,
  ])
  return [table(['slot', 'kind', 'token'], rows)]
}

function jobTable({ proofs }: Examination): string {
  const rows = (proofs?.jobs ?? []).map(({ job, carried, strategy, missing }) => [
    job,
    carried,
    strategy ?? missing ?? '',
  ])
  return table(['job of a key', 'proved in round trips', 'how, or what is missing'], rows)
}

const appTable = (apps: readonly AppCarried[]): string =>
  table(
    ['app', 'what it does with the token', 'for', 'here', 'how'],
    apps.flatMap(({ app, features }) =>
      features.map(({ feature, uses, carried, how }) => [app, feature, uses.join(', '), carried, how]),
    ),
  )

const latencyTable = (latencies: readonly Latency[], audience: Audience): string =>
  table(
    audience === 'operator' ? ['a call', 'median', '99 of 100 within'] : ['a call', 'median'],
    latencies.map(({ operation, p50, p99 }) =>
      audience === 'operator' ? [operation, inMs(p50), inMs(p99)] : [operation, `under ${String(boundOf(p50))} ms`],
    ),
  )

const inMs = (milliseconds: number): string => `${milliseconds.toPrecision(2)} ms`

const bounds = [0.5, 5, 50, 500]
const boundOf = (milliseconds: number): number => bounds.find((bound) => milliseconds < bound) ?? 60_000

function keyTable({ keys }: Examination): readonly string[] {
  if (keys.length === 0) return []
  const rows = keys.map(({ label, strategy, refusal }) => [
    label,
    strategy,
    refusal === undefined ? 'as recorded' : refusal.reason,
  ])
  return [table(['recorded key', 'strategy', 'found'], rows)]
}
