import { judgeToken, tokenPromises } from '@strongroom/hsm/conformance'
import { readOptions, usage } from './options.ts'
import { reportOf } from './report.ts'
import { type ModuleResult, resultOf } from './result.ts'
import { findSubjects, type Subject } from './subjects.ts'

export interface Output {
  /** The report, whole. */
  readonly say: (text: string) => void
  /** Progress, and what is wrong with the command line. */
  readonly complain: (line: string) => void
}

const exitCodes = { kept: 0, broken: 1, unusable: 2 } as const

/** Judges the modules one by one and answers with the exit code: 0 all kept, 1 a promise broken, 2 nothing was judged. */
export async function runConformance(
  argv: string[],
  output: Output,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const options = readOptions(argv)
  if (typeof options === 'string') {
    output.complain(`${options}\n${usage}`)
    return exitCodes.unusable
  }
  const subjects = findSubjects(options, environment)
  if (typeof subjects === 'string') {
    output.complain(subjects)
    return exitCodes.unusable
  }
  const results: ModuleResult[] = []
  for (const subject of subjects) results.push(await judge(subject, output))
  output.say(options.output === 'json' ? JSON.stringify({ modules: results }, undefined, 2) : reportOf(results))
  return results.every(({ failed }) => failed === 0) ? exitCodes.kept : exitCodes.broken
}

async function judge(subject: Subject, { complain }: Output): Promise<ModuleResult> {
  complain(`${subject.name}: ${String(tokenPromises.length)} promises on ${subject.module.path}`)
  const judgement = await judgeToken(subject, ({ verdict, area, says }) => {
    if (verdict === 'broken') complain(`${subject.name}: broken: ${area}: ${says}`)
  }).catch((error: unknown) => ({ outcomes: [], failure: error instanceof Error ? error.message : String(error) }))
  const result = resultOf(subject, judgement)
  complain(`${subject.name}: ${String(result.passed)} passed, ${String(result.failed)} failed`)
  return result
}
