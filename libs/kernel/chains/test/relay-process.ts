/** A worker for tests to kill, or that kills itself at a point of signing. Says `started` when it works. */
import { mountWork, startWorker } from '@strongroom/jobs'
import { openDatabase } from '@strongroom/storage'
import { evmChain } from '../src/evm/evm-chain.ts'
import { evmSetting } from '../src/evm/settings.ts'
import type { GasKeys } from '../src/relay/relayer.ts'
import { evmWork } from '../src/relay/work.ts'
import { gasKeysHere } from './keys.ts'

const { RELAY_DATABASE: connectionString = '', RELAY_SETTING: setting = '{}', RELAY_DIES: dies } = process.env
const here = gasKeysHere()
const gasKeys: GasKeys = {
  issue: (binding) => here.issue(binding),
  async of(relayer) {
    const key = await here.of(relayer)
    return {
      async sign(digest) {
        if (dies === 'before it signs') process.kill(process.pid, 'SIGKILL')
        const signature = await key.sign(digest)
        if (dies === 'when it signed') process.kill(process.pid, 'SIGKILL')
        return signature
      },
    }
  },
}
const database = openDatabase({ connectionString, connections: 3 })
const chain = evmChain('local', evmSetting.parse(JSON.parse(setting)))
startWorker({
  connectionString,
  work: [mountWork(evmWork([chain], { database, gasKeys, leaseSeconds: 1 }))],
  concurrency: 2,
  unlock: { every: 3, grace: 2 },
})
process.send?.('started')
