import { type RandomSource, systemRandom } from '@strongroom/crypto'
import { readAccountKey } from '@strongroom/proofs'
import { signTransaction, type TransactionSigner } from './cosign.ts'
import { type Fetch, horizonHttp, unanswered } from './horizon-http.ts'
import { horizonReading } from './horizon-reading.ts'
import { findOnHorizon, submitToHorizon } from './horizon-submit.ts'
import { type Applied, keyValues, type Ledger, type LedgerSigner, type Rejected } from './ledger.ts'
import type { OperationBody } from './operations.ts'
import { judgeSigners, MOST_SIGNERS, numberOf, signerRoles, THRESHOLD, toData } from './signer-rules.ts'
import { changesTo, isSameSet, signersAfter } from './signer-sets.ts'

export interface HorizonLedgerOptions {
  /** Where Horizon's routes begin: `https:`, or `http:` on this machine. */
  readonly url: string
  readonly networkPassphrase: string
  /** `G…` */
  readonly masterAccountId: string
  /** The service's own key: a signer of the master account, and the one signer of accounts that are nobody's. Asked for once. */
  readonly ownKey: () => Promise<TransactionSigner>
  /** Milliseconds for a question; 5,000 where none are given. */
  readonly timeoutMs?: number
  /** Milliseconds for a transaction; 30,000 where none are given. */
  readonly submitMs?: number
  readonly fetch?: Fetch
  readonly clock?: () => Date
  readonly random?: RandomSource
}

/** Seconds that a transaction of the service's own is good for: one that was lost on the way is no surprise later. */
const VALIDITY = 300

/**
 * TokenD's ledger, by its Horizon. What the service does on its own it does for the master account; the ledger removes no account,
 * and a recovery that began is taken back by its administrators alone, since TokenD removes the owners' keys at once.
 * @throws TypeError where the URL is none of the kind, RangeError where the master account is none.
 */
export function horizonLedger(options: HorizonLedgerOptions): Ledger {
  const { networkPassphrase, masterAccountId, timeoutMs = 5000, submitMs = 30_000 } = options
  const { clock = () => new Date(), random = systemRandom } = options
  if (!readAccountKey(masterAccountId)) throw new RangeError('the master account is no account key')
  const call = horizonHttp(options)
  const info = { networkPassphrase, masterAccountId }
  const reading = horizonReading({ call, timeoutMs, info, clock })
  const submission = { call, networkPassphrase, submitMs, timeoutMs }
  let own: Promise<TransactionSigner> | undefined
  const ownKey = () => (own ??= options.ownKey().catch(forget))
  const forget = (error: unknown): never => {
    own = undefined
    throw error
  }

  const submitOwn = async (source: string, operations: readonly OperationBody[]): Promise<Applied | Rejected> => {
    await reading.info()
    const transaction = {
      source,
      salt: Buffer.from(random(8)).readBigUInt64BE(),
      timeBounds: { minTime: 0n, maxTime: BigInt(Math.floor(clock().getTime() / 1000) + VALIDITY) },
      memo: { type: 'none' },
      operations: operations.map((body) => ({ source: undefined, body })),
    } as const
    const envelope = await signTransaction(transaction, { networkPassphrase, signers: [await ownKey()] })
    return submitToHorizon(submission, envelope)
  }
  const roleOf = async (name: string): Promise<number> => {
    const role = numberOf(await reading.keyValue(name))
    if (role === undefined) throw unanswered('no-such-role')
    return role
  }
  const ownSigner = async (): Promise<LedgerSigner> => ({
    key: (await ownKey()).keyId,
    weight: THRESHOLD,
    role: await roleOf(keyValues.defaultSignerRole),
    identity: 1,
    details: '{}',
  })
  const assertJudged = async (account: string, signers: readonly LedgerSigner[]): Promise<void> => {
    const fault = readAccountKey(account) ? judgeSigners(signers, await signerRoles(reading)) : 'key-unusable'
    if (fault) throw new RangeError(`the signers of an account were not judged before: ${fault}`)
  }

  return {
    ...reading,

    submit: (envelope) => submitToHorizon(submission, envelope),
    findApplied: (hash) => findOnHorizon(submission, hash),

    async createAccount({ account, signers: given }) {
      const signers = given.length > 0 ? given : [await ownSigner()]
      await assertJudged(account, signers)
      const wish = { account, referrer: undefined, role: BigInt(await roleOf(keyValues.unverifiedRole)) }
      return untilClear(async (refused) => {
        const existing = await reading.signersOf(account)
        if (existing) return isSameSet(existing, signers) ? 'created' : 'taken'
        if (refused) throw unanswered(refused)
        return submitOwn(masterAccountId, [{ type: 'create-account', ...wish, signers: signers.map(toData) }])
      }, 'created')
    },

    async adoptAccount(adoption) {
      const { account } = adoption
      const { keyId } = await ownKey()
      return untilClear(async (refused) => {
        const existing = await reading.signersOf(account)
        if (!existing) return 'taken'
        const signers = signersAfter(existing, adoption)
        if (isSameSet(existing, signers)) return 'adopted'
        if (!existing.some(({ key }) => key === keyId)) return 'taken'
        // Others came since the caller looked: no judge before could have seen it.
        if (signers.length > MOST_SIGNERS) return 'full'
        await assertJudged(account, signers)
        if (refused) throw unanswered(refused)
        return submitOwn(account, changesTo(existing, { signers, last: keyId }))
      }, 'adopted')
    },

    async beginKycRecovery({ account, signer }) {
      const { recovering } = await signerRoles(reading)
      const enabled = numberOf(await reading.keyValue(keyValues.recoveryEnabled)) ?? 0
      if (recovering === undefined || enabled === 0 || account === masterAccountId || !readAccountKey(signer))
        return 'refused'
      return untilClear(async (refused) => {
        const existing = await reading.signersOf(account)
        const known = existing?.find(({ key }) => key === signer)
        if (known) return known.role === recovering ? 'begun' : 'refused'
        if (!existing || refused === 'tx_failed') return 'refused'
        if (refused) throw unanswered(refused)
        return submitOwn(masterAccountId, [{ type: 'initiate-kyc-recovery', account, signer }])
      }, 'begun')
    },

    async cancelKycRecovery({ account, signer }) {
      const existing = await reading.signersOf(account)
      return existing?.some(({ key }) => key === signer) ? 'refused' : 'cancelled'
    },

    forgetAccount: () => Promise.resolve(),
  }
}

/**
 * Looks, and changes what is not as wished; what was refused is looked at once more: somebody, or an earlier try whose answer was
 * lost, may have been faster. Horizon reads what its core has applied, so that what a transaction changed is seen at once.
 */
async function untilClear<Answer extends string>(
  look: (refused?: string) => Promise<Answer | Applied | Rejected>,
  done: Answer,
): Promise<Answer> {
  let refused: string | undefined
  for (;;) {
    const seen = await look(refused)
    if (typeof seen === 'string') return seen
    if (seen.outcome === 'applied') return done
    refused = seen.transactionCode
  }
}
