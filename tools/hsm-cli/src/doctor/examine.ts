import type { KeyNeed } from '@strongroom/hsm'
import { type Inspection, inspectToken } from '@strongroom/hsm/inspection'
import { type AppCarried, carriedBy, couldFindings, lackFindings } from './carried.ts'
import { type Finding, mend } from './finding.ts'
import { moduleFindings, stopFindings } from './module-findings.ts'
import type { Subject } from './subjects.ts'
import { tokenFindings } from './token-findings.ts'

/** What `--json` prints of a token. */
export interface Examination extends Inspection {
  readonly name: string
  readonly kind: Subject['kind']
  readonly verdict: 'fine' | 'mend'
  readonly findings: readonly Finding[]
  readonly apps: readonly AppCarried[]
}

export interface Asked {
  readonly app: string
  readonly needs: readonly KeyNeed[]
}

/** `demanded`: what this very token must carry, rather than what it could. */
export async function examine(
  { name, kind, look }: Subject,
  { asked, demanded }: { asked: readonly Asked[]; demanded: 'all' | 'any' },
): Promise<Examination> {
  const seen = await inspectToken(look)
  // A throw-away token stands on a copy, which is gone.
  const found = { ...seen, module: { ...seen.module, path: look.module.path } }
  const { proofs } = found
  const apps = proofs === undefined ? [] : asked.map(({ app, needs }) => carriedBy(proofs, app, needs))
  const findings = [
    ...moduleFindings(found),
    ...stopFindings(found),
    ...tokenFindings(found),
    ...(demanded === 'all' ? apps.flatMap(lackFindings) : [...noneFindings(kind, apps), ...couldFindings(apps)]),
  ]
  const verdict = findings.some(({ level }) => level === 'mend') ? 'mend' : 'fine'
  return { name, kind, verdict, ...found, findings, apps }
}

function noneFindings(kind: Subject['kind'], apps: readonly AppCarried[]): readonly Finding[] {
  if (kind === 'throw-away' || apps.length === 0 || apps.some(({ runs }) => runs)) return []
  return [
    mend(
      'carries-nothing',
      'No app can run on this token.',
      'Look at what is missing below, and at the token’s policy.',
    ),
  ]
}
