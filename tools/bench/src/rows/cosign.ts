import type { Row } from '../bench.ts'
import type { Sample } from '../interleave.ts'
import { type Repeater, startRepeater } from '../world/repeater.ts'
import { compareRates } from './rates.ts'

/**
 * The signature of a stored key. Its seed is opened in the token and signs in our process, as few tokens wrap Ed25519 keys:
 * beside it a token that has such a key, asked by bare PKCS#11 calls.
 */
export const cosign: Row = {
  name: 'cosign',
  async measure(bench) {
    const ours = bench.own(await startRepeater('cosign-process'))
    const token = bench.own(await startRepeater('token-ed25519-process'))
    const asking = ({ child }: Repeater, operation: string): Sample => {
      return () => child.ask<number>('repeat', { operation, seconds: bench.seconds / 3 })
    }
    const sides = { ours: asking(ours, 'cosign'), theirs: asking(token, 'sign') }
    const lines = await compareRates(bench, sides, [
      {
        operation: 'co-sign: a seed opened, proved and used',
        peer: 'C_Sign of a token’s own Ed25519 key',
        ours: 'ours',
        theirs: 'theirs',
        goal: { least: 0.5 },
      },
    ])
    await ours.stop()
    await token.stop()
    return lines
  },
}
