import { describe, expect, it } from 'vitest'
import { pumpSms, startOriginal } from '../src/index.ts'
import { baseUrlOf, placeOf, startKeyServer } from './key-server.ts'

describe('case 18, SMS pumping, on the original’s shape', () => {
  it('sends whatever is asked', async () => {
    await using original = await startOriginal()
    const place = { baseUrl: baseUrlOf(original), textsTo: original.textsTo }
    const verdict = await pumpSms({ place, prefix: '+88213', numbers: 20, sends: 2, connections: 8 })
    expect(verdict).toEqual({ asked: 40, accepted: 40, refused: 0, sent: 40 })
  })
})

describe('case 18, SMS pumping, on the key server', () => {
  it('stays under the caps of a prefix and of all, at many connections to two processes', async () => {
    const settings = { SMS_PER_NUMBER: '2', SMS_PER_PREFIX: '30', SMS_IN_ALL: '50' }
    await using app = await startKeyServer({ processes: 2, settings })
    const [first, second] = app.processes.map((one) => placeOf(app, one))
    if (first === undefined || second === undefined) throw new Error('Two processes are needed.')
    const attack = { numbers: 40, sends: 2, connections: 16, prefix: '+88213' }
    const one = await pumpSms({ place: first, ...attack })
    expect(one).toEqual({ asked: 80, accepted: 30, refused: 50, sent: 30 })
    // The same range from the other process, and another range.
    expect(await pumpSms({ place: second, ...attack, numbers: 5, sends: 1 })).toMatchObject({ accepted: 0, refused: 5 })
    const other = await pumpSms({ place: second, ...attack, prefix: '+88214' })
    expect(other).toEqual({ asked: 80, accepted: 20, refused: 60, sent: 20 })
    // A number that earns nothing is sent no more than its own cap.
    expect(
      Math.max(
        ...(await Promise.all([0, 1, 2].map(async (n) => (await first.textsTo(`+88213000000${String(n)}`)).length))),
      ),
    ).toBeLessThanOrEqual(2)
  })
})
