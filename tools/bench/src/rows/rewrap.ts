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

const ROWS = { quick: 300, full: 3000 } as const

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
    const without = async () => (await load(plan)).perSecond
    const beside = async () => {
      await rewrapping.resume()
      const { perSecond } = await load(plan)
      rewrapping.pause()
      return perSecond
    }
    const lines = await compareRates(bench, { without, beside }, [
      {
        operation: 'GET key, right PIN, while values are rewrapped',
        peer: 'without a worker',
        ours: 'beside',
        theirs: 'without',
        goal: { least: 0.9 },
      },
    ])
    await rewrapping.stop()
    await desk.close()
    await server.stop()
    return lines
  },
}
