import type { Question } from '../attacker/ask.ts'
import { askForBytes } from '../attacker/same-bytes.ts'

export interface Enumeration {
  /** What the server must not tell apart: each is asked so often, in turn. */
  questions: Record<string, Question>
  /** Enough of them spend every budget on the way. */
  times: number
}

export interface EnumerationVerdict {
  /** The first line of each answer to the first question, in order. */
  statuses: string[]
  /** Rounds in which one question was answered otherwise than another. */
  told: { round: number; answers: Record<string, string> }[]
}

/** Case 17: does the server tell what exists? The same questions about what is there and what is not, byte by byte. */
export async function tellApart({ questions, times }: Enumeration): Promise<EnumerationVerdict> {
  const verdict: EnumerationVerdict = { statuses: [], told: [] }
  for (let round = 1; round <= times; round++) {
    const answers: Record<string, string> = {}
    for (const [name, question] of Object.entries(questions)) answers[name] = await askForBytes(question)
    const distinct = new Set(Object.values(answers))
    const [first = ''] = distinct
    verdict.statuses.push(first.split('\r\n')[0] ?? '')
    if (distinct.size > 1) verdict.told.push({ round, answers })
  }
  return verdict
}
