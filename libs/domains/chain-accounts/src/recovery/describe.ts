import type { AccountChange } from '@strongroom/chains'
import { implement, Refusal, reply } from '@strongroom/http'
import { keyBytes } from '../public-key.ts'
import { ChainName } from '../shapes.ts'
import { refuse } from '../sign/cosign.ts'
import type { SignDeps } from '../sign/signer.ts'
import { messageOf } from '../two-factor/message.ts'
import { additionOf } from '../two-factor/standing.ts'
import { forbidden, invalidRequest } from '../refusals.ts'
import { describeRecovery } from './contract.ts'
import { judgeRecovery } from './judge.ts'
import { readReady } from './ready.ts'
import { recoveryView } from './view.ts'

/** The one key that waits, let in: by what the token vouches for, whatever the caller would like. With it a lost device may go. */
export const describe = implement<SignDeps>()(describeRecovery, async ({ proof, query }, deps) => {
  const ready = await readReady(deps, proof)
  if (ready instanceof Refusal) return ready
  if (ready.state !== 'ready') return reply(202, { recovery: recoveryView(ready.row) })
  const { account, keys, parties, standing } = ready
  const { lost } = query
  if (lost !== undefined && standing.chain.type === 'cadence') return invalidRequest()
  const addition = additionOf(parties.newKey, deps.policies)
  const changes = lost === undefined ? [addition] : [addition, removalOf(lost)]
  const chainName = ChainName.parse(standing.chain.name)
  const decoded = { changes, address: standing.address }
  if (!(await judgeRecovery(deps, { chainName, decoded, keys, parties }))) {
    const signer = { account, keys, by: parties.recoveryKey }
    return refuse(deps, { signer, chain: chainName, why: 'forbidden' }, forbidden())
  }
  const message = await messageOf(standing, changes)
  return message instanceof Refusal ? message : reply(200, { chainName, message })
})

const removalOf = (publicKey: string): AccountChange => ({ kind: 'remove-signer', publicKey: keyBytes(publicKey) })
