import { encodeTuple, sha256 } from '@strongroom/crypto'
import { enqueue } from '@strongroom/jobs'
import type { Statements } from '@strongroom/storage'
import type { AccountChange, AccountPlan, Chain, Charge, SignatureOf } from '../chain.ts'
import { type AccessApi, openAccessApi } from './access-api.ts'
import { type BareAddress, bareAddress, shownAddress } from './address.ts'
import { cameToNothing, type SignedPayload } from './came-to-nothing.ts'
import { decodeRequest, type FlowRequest, understand } from './decode.ts'
import { isSuccess } from './follow.ts'
import { advanceJob, keyOf } from './job.ts'
import { isPoint, liveKeys, publicKeyOf, standingAccount } from './keys.ts'
import { deploymentArguments, scriptOf, THRESHOLD } from './scripts.ts'
import type { FlowName, FlowSetting } from './settings.ts'
import { writeSignatures } from './signature-columns.ts'
import { findTransaction, insertDeployment, insertRequest } from './store.ts'

/** Accounts on Flow: their address is given by the chain, and their keys are all P-256 with SHA-256. */
export interface FlowChain extends Chain {
  readonly type: 'cadence'
  /** Who pays, and the key that signs for it, as a client builds its transactions. */
  readonly payer: { readonly address: string; readonly keyIndex: number }
  decode(request: unknown): Promise<FlowRequest | undefined>
  /** Of what a client sends by itself: whether it is proven that nothing came of it, and nothing will. */
  cameToNothing(signed: SignedPayload): Promise<boolean>
  /** For `openFlowRelay`. */
  readonly access: { readonly name: FlowName; readonly setting: FlowSetting; readonly api: AccessApi }
}

export const isFlowChain = (chain: Chain): chain is FlowChain => chain.type === 'cadence'

/** Needs no database and no key: what is queued is sent by `openFlowRelay` and `flowWork`. */
export function flowChain(name: FlowName, setting: FlowSetting, ask: typeof fetch = fetch): FlowChain {
  const api = openAccessApi({ url: setting.accessUrl, network: name, fetch: ask })
  const payer = payerAddress(setting)
  const digestOf = (kind: string, ...parts: readonly (string | number | Uint8Array)[]) =>
    sha256(encodeTuple(`flow-${kind}`, name, ...parts))

  return {
    access: { name, setting, api },
    name,
    type: 'cadence',
    chainId: undefined,
    payer: { address: shownAddress(payer), keyIndex: setting.payer.keyIndexes[0] },
    referenceOf: (hash) => `${setting.explorerUrl ?? ''}${hash.replace(/^0x/, '')}`,
    addressOf: () => undefined,

    async queueDeployment(tx: Statements, plan: AccountPlan, { appId }: Charge) {
      checkPlan(plan)
      const parts = plan.signers.flatMap(({ publicKey, weight }) => [publicKey, weight])
      const digest = digestOf('plan', plan.accountId, plan.threshold, ...parts)
      const { id } = await insertDeployment(tx, { chain: name, digest, appId }, deploymentArguments(plan.signers))
      await enqueue(tx, advanceJob, { transactionId: id }, { key: keyOf(id) })
      return id
    },

    async deployedAddress(statements, transactionId) {
      const found = await findTransaction(statements, transactionId)
      return found?.chain === name && found.address !== null ? found.address : undefined
    },

    async readAccount(text) {
      const address = bareAddress(text)
      const account = address && (await api.accountAt(address, 'sealed'))
      return address && account ? standingAccount(address, account) : undefined
    },

    async describeChange(text: string, wanted: AccountChange | readonly AccountChange[]) {
      const [change, ...more] = [wanted].flat()
      if (!change || more.length > 0) throw new TypeError('a transaction of Flow makes one change')
      if (change.kind === 'other' || change.kind === 'call')
        throw new TypeError('only a change of signers can be described')
      if (change.kind === 'add-signer') {
        const { publicKey, weight } = change.signer
        checkPlan({ signers: [change.signer], threshold: THRESHOLD })
        return { cadence: scriptOf({ kind: 'add', publicKey, weight }) }
      }
      const address = bareAddress(text)
      const account = address && (await api.accountAt(address, 'sealed'))
      const key = account && liveKeys(account).find((one) => Buffer.compare(publicKeyOf(one), change.publicKey) === 0)
      if (!key) throw new RangeError('the key to be removed does not stand')
      return { cadence: scriptOf({ kind: 'remove', publicKey: change.publicKey, index: key.index }) }
    },

    decode: (request) => decodeRequest({ api, payer }, request),
    cameToNothing: (signed) => cameToNothing({ api, payer }, signed),

    async queueRequest(
      tx: Statements,
      request: unknown,
      { signatures, charge: { appId } }: { readonly signatures: readonly SignatureOf[]; readonly charge: Charge },
    ) {
      const understood = understand(request, payer)
      if (understood?.message.form !== 'payload') throw new TypeError('only what was decoded can be relayed')
      const { bytes: message } = understood
      const row = { message, signatures: writeSignatures(signatures) }
      const { id } = await insertRequest(tx, { chain: name, digest: digestOf('request', message), appId }, row)
      await enqueue(tx, advanceJob, { transactionId: id }, { key: keyOf(id) })
      return id
    },

    async transaction(statements, id) {
      const found = await findTransaction(statements, id)
      if (found?.chain !== name) return undefined
      const { state, reason, hash } = found
      if (state === 'refused') return { state, reason: reason ?? 'rejected' }
      if (hash === null) return { state: 'queued' }
      return { state: state === 'queued' ? 'sent' : state, hash }
    },

    async outcomeOf(text) {
      const hash = text.replace(/^0x/, '').toLowerCase()
      if (!/^[0-9a-f]{64}$/.test(hash)) return 'unknown'
      const result = await api.resultOf(hash)
      if (!result || result.status === '' || result.status === 'Unknown') return 'unknown'
      if (result.status === 'Expired') return 'failed'
      if (result.status !== 'Sealed') return 'pending'
      return isSuccess(result) ? 'succeeded' : 'failed'
    },
  }
}

function payerAddress({ payer }: FlowSetting): BareAddress {
  const address = bareAddress(payer.address)
  if (address === undefined) throw new TypeError('the payer on Flow has no address of Flow')
  return address
}

/** What Flow cannot hold is a fault of whoever asks: it is refused long before it comes here. */
function checkPlan({ signers, threshold }: Pick<AccountPlan, 'signers' | 'threshold'>): void {
  const keys = new Set(signers.map(({ publicKey }) => Buffer.from(publicKey).toString('hex')))
  const fits = signers.every(
    ({ scheme, publicKey, weight }) =>
      scheme === 'p256-sha256' && isPoint(publicKey) && Number.isInteger(weight) && weight >= 1 && weight <= THRESHOLD,
  )
  // A key that stood twice would count twice.
  if (!fits || threshold !== THRESHOLD || keys.size !== signers.length || signers.length === 0)
    throw new TypeError('Flow has no such account')
}
