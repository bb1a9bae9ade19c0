/** A worker on Flow for tests to kill: it says `reached`, and does not go on, at the step that it is given. */
import { p256 } from '@noble/curves/nist.js'
import { mountWork, startWorker } from '@strongroom/jobs'
import { openDatabase } from '@strongroom/storage'
import { z } from 'zod'
import { flowChain } from '../../src/flow/flow-chain.ts'
import { openFlowRelay } from '../../src/flow/relay.ts'
import { flowSetting } from '../../src/flow/settings.ts'
import { flowWork } from '../../src/flow/work.ts'

const given = z.object({
  FLOW_DATABASE: z.string(),
  FLOW_SETTING: z.string(),
  FLOW_PAYER: z.string(),
  FLOW_STOP_AT: z.enum(['asked', 'signing', 'sending', 'sent']),
})
const { FLOW_DATABASE, FLOW_SETTING, FLOW_PAYER, FLOW_STOP_AT } = given.parse(process.env)

async function reach(step: typeof FLOW_STOP_AT): Promise<void> {
  if (step !== FLOW_STOP_AT) return
  process.send?.('reached')
  await new Promise((resolve) => setTimeout(resolve, 600_000))
}

const chain = flowChain('flow-testnet', flowSetting.parse(JSON.parse(FLOW_SETTING)), async (input, init) => {
  const isSending = init?.method === 'POST'
  await reach(isSending ? 'sending' : 'asked')
  const answer = await fetch(input, init)
  if (isSending) await reach('sent')
  return answer
})
const relay = openFlowRelay({
  chain,
  database: openDatabase({ connectionString: FLOW_DATABASE, connections: 3 }),
  publicKey: async () => p256.getPublicKey(Buffer.from(FLOW_PAYER, 'hex'), false).slice(1),
  async sign(message) {
    await reach('signing')
    return p256.sign(message, Buffer.from(FLOW_PAYER, 'hex'), { prehash: true, lowS: false })
  },
})
startWorker({ connectionString: FLOW_DATABASE, work: [mountWork(flowWork([relay]))], concurrency: 1 })
