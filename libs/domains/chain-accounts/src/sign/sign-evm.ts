import type { Chain } from '@strongroom/chains'
import { implement, Refusal, reply } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { takeOf } from '../accounts/caller.ts'
import { chainOf } from '../accounts/chain-of.ts'
import type { KeyRow } from '../accounts/key-row.ts'
import { invalidRequest, invalidSignature, notFound, unsupportedChain } from '../refusals.ts'
import { ChainName } from '../shapes.ts'
import { standingOn } from '../two-factor/standing.ts'
import { getRelayed, type Relayed, type SignatureBy, signEvm } from './contract.ts'
import { cosign, readOwnRequest, refuse } from './cosign.ts'
import { isUserKey, readSigner, type SignDeps } from './signer.ts'
import { findRelayed, findSameRelayed, insertRelayed } from './relayed-store.ts'
import { readSignature, type Signing, type UserSignature } from './user-signature.ts'

export const evm = implement<SignDeps>()(signEvm, async ({ proof, body }, deps) => {
  const chain = chainOf(deps, body.chainName)
  if (chain instanceof Refusal) return chain
  if (chain.type !== 'evm') return unsupportedChain()
  const signer = await readSigner(deps, proof)
  if (signer instanceof Refusal) return signer
  const { account, keys, by } = signer
  const standing = await standingOn(deps, account, chain)
  if (standing instanceof Refusal) return standing
  const decoded = await readOwnRequest(deps, { signer, standing, request: body.call })
  if (decoded instanceof Refusal) return decoded
  if (!isDeadlineOf(decoded, body.deadline)) return invalidRequest()
  const signing = { message: decoded.message, keys: keys.filter(isUserKey), passkeys: deps.passkeys }
  const signatures = await readSignatures(body.signatures, signing)
  if (!signatures?.some(({ key }) => key.id === by.id))
    return refuse(deps, { signer, chain: chain.name, why: 'unsigned' }, invalidSignature())
  const sent = { accountId: account.id, chainName: standing.row.chainName, message: decoded.message }
  const same = await findSameRelayed(deps.database, sent)
  const before = same && (await relayedView(deps.database, chain, same.id))
  // What came to nothing is judged, and sent, anew.
  if (before && before.state !== 'failed' && before.state !== 'refused') return reply(200, { transaction: before })
  const cosigned = await cosign(deps, {
    signer,
    chainName: sent.chainName,
    decoded,
    keep: async (tx, ours, changeId) => {
      const all = [...signatures.map(({ signature }) => signature), ours]
      const id = await chain.queueRequest(tx, body.call, { signatures: all, charge: { appId: account.appId } })
      await insertRelayed(tx, { ...sent, id, changeId })
      return relayedView(tx, chain, id)
    },
  })
  return 'signed' in cosigned ? reply(200, { transaction: cosigned.signed }) : cosigned
})

/** Every one must be right, and of another key: what we send on and pay for is not to fail for a signature. */
export async function readSignatures(
  all: readonly SignatureBy[],
  signing: Signing,
): Promise<readonly UserSignature[] | undefined> {
  const read = await Promise.all(all.map((one) => readSignature(one, signing)))
  const right = read.filter((one) => one !== undefined)
  const keys = new Set(right.map(({ key }: { key: KeyRow }) => key.id))
  return right.length === all.length && keys.size === right.length ? right : undefined
}

/** Where the caller tells one, it is that which was signed. */
export const isDeadlineOf = ({ deadline }: { readonly deadline?: Date }, told: number | undefined): boolean =>
  told === undefined || deadline?.getTime() === told * 1000

export async function relayedView(statements: Statements, chain: Chain, id: string): Promise<Relayed> {
  const found = await chain.transaction(statements, id)
  const txId = found && 'hash' in found ? found.hash : null
  const refUrl = txId === null ? null : chain.referenceOf(txId)
  return { id, chainName: ChainName.parse(chain.name), state: found?.state ?? 'queued', txId, refUrl }
}

/** Of somebody else, or of nobody: alike. */
export const relayed = implement<SignDeps>()(getRelayed, async ({ proof, params }, deps) => {
  const { database, chains } = deps
  const limited = await takeOf(deps.requests, proof)
  if (limited) return limited
  const found = await findRelayed(database.reading, { id: params.id, accountId: proof.accountId })
  const chain = found && chains.get(found.chainName)
  return chain ? reply(200, { transaction: await relayedView(database, chain, params.id) }) : notFound()
})
