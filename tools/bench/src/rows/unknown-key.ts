import { randomUUID } from 'node:crypto'
import { CONNECTIONS, type Row } from '../bench.ts'
import { interleave } from '../interleave.ts'
import { inWords, type Line } from '../line.ts'
import { load } from '../load/load.ts'
import type { Outcome } from '../load/plan.ts'
import { getKey } from '../load/requests.ts'
import { fillKeys, settle } from '../world/fill-keys.ts'

const WRONG_PIN = '9999'
const GUESSES_PER_KEY = 5
const KEYS = { quick: 300, full: 1500 } as const

/** A guess at what does not exist, beside a wrong PIN. Fresh ids in each round, so that no budget is ever spent. */
export const unknownKey: Row = {
  name: 'unknown-key',
  async measure(bench) {
    const { server } = await bench.keyServer()
    const keys = KEYS[bench.depth]
    const seen: Record<'unknown' | 'wrong', Outcome[]> = { unknown: [], wrong: [] }
    const guessAt = async (kind: keyof typeof seen, ids: readonly string[]) => {
      const outcome = await load({
        port: server.port,
        connections: CONNECTIONS,
        requests: ids.map((id) => getKey(id, WRONG_PIN)),
        expect: 404,
        until: { requests: keys * GUESSES_PER_KEY },
      })
      seen[kind].push(outcome)
      return outcome.perSecond
    }
    const unknown = () =>
      guessAt(
        'unknown',
        Array.from({ length: keys }, () => randomUUID()),
      )
    const wrong = async () => {
      const ids = await fillKeys(server.database, { rows: keys })
      await settle(server.database)
      return guessAt('wrong', ids)
    }
    await wrong()
    await unknown()
    for (const outcomes of Object.values(seen)) outcomes.length = 0
    const rates = await interleave([unknown, wrong], bench.rounds)
    const medians = await interleave(
      [seen.unknown, seen.wrong].map((outcomes) => () => Promise.resolve(outcomes.shift()?.p50 ?? Number.NaN)),
      bench.rounds,
    )
    const line = { peer: 'wrong PIN, same server', goal: { least: 0.9, most: 1.1 } }
    return [
      { ...line, operation: 'unknown key id', ...tell(rates), figure: rates.ratio(0, 1) },
      { ...line, operation: 'unknown key id, p50', ...tell(medians, ' ms'), figure: medians.ratio(0, 1) },
    ] satisfies Line[]
  },
}

const tell = ({ values: [ours = Number.NaN, theirs = Number.NaN] }: { values: readonly number[] }, unit = '') => ({
  ours: `${inWords(ours)}${unit}`,
  theirs: `${inWords(theirs)}${unit}`,
})
