import { keyServer } from '@strongroom/key-server'
import { openKeyDesk } from '@strongroom/service'
import { openLog } from '@strongroom/service/operator'
import { type Bench, CONNECTIONS, type Row } from '../bench.ts'
import { load } from '../load/load.ts'
import { getKey } from '../load/requests.ts'
import { startKeyServer } from '../world/key-server.ts'
import { PIN, seedKeys } from '../world/seed-keys.ts'
import { startRewrapping } from '../world/rewrapping.ts'
import { compareRates } from './rates.ts'

// More than a sample and what comes before it last, at the rate of the default.
const ROWS = { quick: 300, full: 600 } as const

const SETTLING_SECONDS = 1.5

/** Reads while a worker beside seals every value anew, at the rate that production has unless it says otherwise. */
export const rewrap: Row = {
  name: 'rewrap',
  async measure(bench: Bench) {
    const server = bench.own(await startKeyServer({ superuserUrl: await bench.durable() }))
    const ids = await seedKeys(server.port, ROWS[bench.depth])
    const desk = await openKeyDesk(keyServer, server.operator, openLog('bench', 'silent'))
    const rewrapping = bench.own(await startRewrapping(server, desk))
    const requests = ids.map((id) => getKey(id, PIN))
    const plan = {
      port: server.port,
      connections: CONNECTIONS,
      requests,
      expect: 200,
      until: { seconds: bench.seconds },
    }
    // New keys were just loaded: what compiles again is no part of the pass.
    const settling = { ...plan, until: { seconds: SETTLING_SECONDS } }
    const before = async () => {
      await rewrapping.end()
      await load(settling)
      return (await load(plan)).perSecond
    }
    const during = async () => {
      await rewrapping.begin()
      await load(settling)
      const { perSecond } = await load(plan)
      if ((await desk.rewrapProgress()).state !== 'running') throw new Error('the pass was over before the sample')
      return perSecond
    }
    const lines = await compareRates(bench, { before, during }, [
      {
        operation: 'GET key, right PIN, while a worker rewraps every value',
        peer: 'before, the worker idle',
        ours: 'during',
        theirs: 'before',
        goal: { least: 0.9 },
      },
    ])
    await rewrapping.stop()
    await desk.close()
    await server.stop()
    return lines
  },
}
