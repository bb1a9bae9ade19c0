import { randomBytes } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { HsmUnavailable, type Keystore, openKeystore, provisionKeys } from '../../src/index.ts'
import { testedModules } from '../modules.ts'
import { binding, needs, pin } from '../world.ts'
import { type RingToken, ringToken, unplug } from './ring-world.ts'

const lock = { binding, factor: pin('1234') }
const wrong = { binding, factor: pin('4321') }

type Outcome = 'opened' | 'unavailable' | 'no fit'

/** Written by some of three tokens, read by some of them: what opens is right, and what does not is an outage. */
test('whatever tokens are healthy, a value opens or is unavailable, never wrong and never lost', async () => {
  const [module] = testedModules
  if (module === undefined) throw new Error('no module')
  const tokens = await Promise.all(['a', 'b', 'c'].map((name) => ringToken(module, name)))
  const options = tokens.map((token) => token.options)
  const [first, ...others] = options
  if (first === undefined) throw new Error('no token')
  const keys = await provisionKeys({ tokens: [first, ...others], needs, existing: [] })
  const hsm = await openKeystore({ tokens: options, keys, probeIntervalMs: 20, random: () => 0 })
  onTestFinished(() => hsm.close())
  for (let writers = 1; writers < 8; writers++) {
    await putOnly(hsm, { tokens, healthy: writers })
    const written = await writeAll(hsm)
    for (let readers = 0; readers < 8; readers++) {
      await putOnly(hsm, { tokens, healthy: readers })
      const expected: Outcome = (writers & readers) === 0 ? 'unavailable' : 'opened'
      const which = `written by ${writers.toString(2)}, read by ${readers.toString(2)}`
      for (const [name, read] of Object.entries(written.reads)) {
        expect({ which, name, outcome: await read(hsm) }).toEqual({ which, name, outcome: expected })
      }
      const guess: Outcome = readers === 0 ? 'unavailable' : 'no fit'
      expect({ which, guess: await written.guess(hsm) }).toEqual({ which, guess })
    }
  }
}, 180_000)

async function writeAll(hsm: Keystore) {
  const [small, large] = [new Secret(randomBytes(40)), new Secret(randomBytes(9000))]
  const sealed = [await hsm.seal(small, binding), await hsm.seal(large, binding)] as const
  const issued = await hsm.issueKey(binding)
  const key = await hsm.openKey(issued, binding)
  const locked = await hsm.lockRecoveredKey(key, binding, await hsm.prepareLock(lock))
  const reads: Readonly<Record<string, (by: Keystore) => Promise<Outcome | 'wrong'>>> = {
    small: (by) => outcomeOf(by.open(sealed[0], binding), small),
    large: (by) => outcomeOf(by.open(sealed[1], binding), large),
    issued: (by) => outcomeOf(by.openKey(issued, binding), key),
    locked: (by) => outcomeOf(by.openLockedKey(lock, locked), key),
  }
  return { reads, guess: (by: Keystore) => outcomeOf(by.openLockedKey(wrong, locked), key) }
}

async function outcomeOf(opening: Promise<Secret | undefined>, value: Secret): Promise<Outcome | 'wrong'> {
  try {
    const opened = await opening
    if (opened === undefined) return 'no fit'
    return opened.equals(value) ? 'opened' : 'wrong'
  } catch (error) {
    if (error instanceof HsmUnavailable) return 'unavailable'
    throw error
  }
}

/** Bit by bit, the first token the lowest. */
async function putOnly(hsm: Keystore, { tokens, healthy }: { tokens: readonly RingToken[]; healthy: number }) {
  const wanted = tokens.map((_, at) => ((healthy >> at) & 1 ? 'healthy' : 'away'))
  for (const [at, token] of tokens.entries()) {
    if (wanted[at] === 'healthy') token.device.mend()
    else unplug(token)
  }
  await vi.waitFor(() => expect(hsm.tokens().map(({ state }) => state)).toEqual(wanted), {
    timeout: 60_000,
    interval: 5,
  })
}
