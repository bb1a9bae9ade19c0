import type { AccountRequest, Chain, FlowRequest } from '@strongroom/chains'
import { equalBytes, toHex } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { genuineAddresses } from '../accounts/addresses.ts'
import { findAddresses } from '../accounts/addresses-store.ts'
import { takeOf } from '../accounts/caller.ts'
import type { Owner } from '../accounts/names.ts'
import { invalidRequest, unsupportedChain } from '../refusals.ts'
import { type Standing, standingOn } from '../two-factor/standing.ts'
import { getPayer, signAsPayer, signCadence } from './contract.ts'
import { cosign, readOwnRequest, refuse } from './cosign.ts'
import { insertCosigned, markPaid } from './cosigned-store.ts'
import { readSigner, type SignDeps } from './signer.ts'

/** Who pays on Flow; an operator’s account there. */
export interface FlowPayer {
  readonly address: string
  readonly keyIndex: number
  /** `undefined`: not a transaction that it pays for, or the app’s day is spent. */
  sign(
    envelope: string,
    charge: { readonly appId: string },
  ): Promise<
    | {
        readonly address: string
        readonly keyIndex: number
        readonly signature: Uint8Array
        /** Of the transaction that comes of it. */
        readonly hash: string
      }
    | undefined
  >
}

export interface CadenceDeps extends SignDeps {
  /** `undefined` where the chain is not one of Flow that is configured. */
  readonly flowPayerOf: (chainName: string) => FlowPayer | undefined
}

/** Where the account stands on Flow; else the one chain of Flow that is configured. */
async function flowChainOf({ database, hsm, chains }: SignDeps, owner: Owner): Promise<Chain | undefined> {
  const rows = await genuineAddresses(hsm, owner, await findAddresses(database.reading, owner.id))
  const names = [...rows.map(({ chainName }) => chainName), ...chains.names]
  return names.map((name) => chains.get(name)).find((chain) => chain?.type === 'cadence')
}

export const payer = implement<CadenceDeps>()(getPayer, async ({ proof }, deps) => {
  const { accountId, app } = proof
  const limited = await takeOf(deps.requests, proof)
  if (limited) return limited
  const chain = await flowChainOf(deps, { id: accountId, appId: app.id })
  const paying = chain && deps.flowPayerOf(chain.name)
  if (!paying) return unsupportedChain()
  return reply(200, { payerAddress: paying.address, payerKeyIndex: paying.keyIndex })
})

export const isOfFlow = (decoded: AccountRequest): decoded is FlowRequest => 'form' in decoded

async function readFlow(deps: CadenceDeps, caller: Parameters<typeof readSigner>[1]) {
  const signer = await readSigner(deps, caller)
  if (signer instanceof Refusal) return signer
  const chain = await flowChainOf(deps, signer.account)
  if (!chain) return unsupportedChain()
  const standing = await standingOn(deps, signer.account, chain)
  return standing instanceof Refusal ? standing : { signer, standing }
}

export const cadence = implement<CadenceDeps>()(signCadence, async ({ proof, body }, deps) => {
  const read = await readFlow(deps, proof)
  if (read instanceof Refusal) return read
  const { signer, standing } = read
  const message = body.message.toLowerCase()
  const decoded = await readOwnRequest(deps, { signer, standing, request: message })
  if (decoded instanceof Refusal) return decoded
  // The envelope is the payer’s to sign: our key signs what the account’s other keys sign.
  if (!isOfFlow(decoded) || decoded.form !== 'payload') return invalidRequest()
  const { chainName } = standing.row
  const cosigned = await cosign(deps, {
    signer,
    chainName,
    decoded,
    keep: async (tx, ours, changeId) => {
      const signed = { accountId: signer.account.id, chainName, message: decoded.message }
      if (changeId !== undefined) await insertCosigned(tx, { ...signed, changeId })
      return ours
    },
  })
  if (!('signed' in cosigned)) return cosigned
  const { signature, keyIndex } = cosigned.signed
  return reply(200, { signature: { addr: standing.address, keyId: keyIndex, signature: toHex(signature) } })
})

export const paymaster = implement<CadenceDeps>()(signAsPayer, async ({ proof, body }, deps) => {
  const read = await readFlow(deps, proof)
  if (read instanceof Refusal) return read
  const { signer, standing } = read
  const envelope = body.message.toLowerCase()
  const decoded = await readOwnRequest(deps, { signer, standing, request: envelope })
  if (decoded instanceof Refusal) return decoded
  // A token says who asks, a signature who agrees: without the caller’s own nothing is sent at our cost.
  if (!isOfFlow(decoded) || decoded.form !== 'envelope') return invalidRequest()
  const isSigned = decoded.signedBy?.some((one) => equalBytes(one, signer.by.publicKey)) === true
  if (!isSigned) return refuse(deps, { signer, chain: standing.chain.name, why: 'unsigned' }, invalidRequest())
  const paid = await payFor(deps, standing, { envelope, appId: signer.account.appId })
  if (!paid) return invalidRequest()
  const { address, keyIndex, signature, hash } = paid
  const { chainName } = standing.row
  await markPaid(deps.database, { accountId: signer.account.id, chainName, message: decoded.payload, hash })
  return reply(200, { signature: { addr: address, keyId: keyIndex, signature: toHex(signature) } })
})

const payFor = async (
  { flowPayerOf }: CadenceDeps,
  { chain }: Standing,
  { envelope, appId }: { readonly envelope: string; readonly appId: string },
) => flowPayerOf(chain.name)?.sign(envelope, { appId })
