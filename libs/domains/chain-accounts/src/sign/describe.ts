import type { AccountChange, Chain } from '@strongroom/chains'
import { equalBytes } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { chainOf } from '../accounts/chain-of.ts'
import { canStandOn } from '../accounts/deploy.ts'
import { keyBytes } from '../public-key.ts'
import { forbidden, invalidRequest } from '../refusals.ts'
import { messageOf } from '../two-factor/message.ts'
import { additionOf, type Standing, standingOn } from '../two-factor/standing.ts'
import { describeChange, type DescribedChange } from './contract.ts'
import { refuse } from './cosign.ts'
import { judgeStanding } from './rules.ts'
import { readSigner, type SignDeps, type Signer } from './signer.ts'

/** What is described is what would be signed for this caller, consent aside: whatever the judge refuses has no message. */
export const describe = implement<SignDeps>()(describeChange, async ({ proof, body }, deps) => {
  const chain = chainOf(deps, body.chainName)
  if (chain instanceof Refusal) return chain
  const signer = await readSigner(deps, proof)
  if (signer instanceof Refusal) return signer
  const standing = await standingOn(deps, signer.account, chain)
  if (standing instanceof Refusal) return standing
  const change = await changeFor(deps, { signer, standing, wish: body.change })
  if (change instanceof Refusal) return change
  const message = await messageOf(standing, change)
  if (message instanceof Refusal) return message
  return reply(200, { chainName: standing.row.chainName, message })
})

interface Wish {
  readonly signer: Signer
  readonly standing: Standing
  readonly wish: DescribedChange
}

/** By our rows and the chain: of keys of others, and of those that nobody has, the answer is the same. */
async function changeFor(deps: SignDeps, { signer, standing, wish }: Wish) {
  const { keys } = signer
  const { policies } = deps
  const { chain } = standing
  const publicKey = keyBytes(wish.publicKey)
  const key = keys.find((one) => equalBytes(one.publicKey, publicKey))
  if (key && !canStandOn(chain, [key])) return invalidRequest()
  const change = changeOf({ wish, publicKey, addition: key && additionOf(key, policies) })
  const account = await chain.readAccount(standing.address)
  const judged = change && judgeStanding({ changes: [change] }, { keys, policies, standing: account })
  if (!change || judged?.kind !== 'changes') return refused(deps, signer, chain)
  const stands = account?.signers.some((one) => equalBytes(one.publicKey, publicKey)) === true
  return stands === (change.kind === 'remove-signer') ? change : invalidRequest()
}

interface Changing {
  readonly wish: DescribedChange
  readonly publicKey: Uint8Array
  readonly addition: AccountChange | undefined
}

const changeOf = ({ wish, publicKey, addition }: Changing): AccountChange | undefined =>
  wish.kind === 'add-signer' ? addition : { kind: 'remove-signer', publicKey }

const refused = (deps: SignDeps, signer: Signer, { name }: Chain) =>
  refuse(deps, { signer, chain: name, why: 'forbidden' }, forbidden())
