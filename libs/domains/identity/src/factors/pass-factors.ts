import { requestCode } from '@strongroom/codes'
import { randomUuid, toHex } from '@strongroom/crypto'
import { keepBudget } from '@strongroom/guesses'
import type { Refusal } from '@strongroom/http'
import { addJob } from '@strongroom/jobs'
import { sql } from '@strongroom/storage'
import { sendFactorCode } from '../jobs.ts'
import { tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { type Factor, passwordOf, type Wallet, WalletContended } from '../wallets/store.ts'
import { type Claim, demandFacts } from './demand-facts.ts'
import { displacedBy, highestOf } from './displaced-by.ts'
import { ensureFactor } from './ensure-factor.ts'
import { type Purpose, withPurpose } from './purpose.ts'
import { type Demanded, type RequestFacts, type StepUp, tfaRequired } from './step-up.ts'
import { codeTaker } from './take-send.ts'
import { digestOf, findVerified, insertToken, nameRequest, sealDelivery, useVerified } from './tokens.ts'

const TOKEN_BYTES = 20

/** A request that asks for a wallet, by an id that the caller knows and the wallet's row does not. */
export interface Asking {
  readonly wallet: Wallet
  readonly walletId: string
  /** The MAC of that id. */
  readonly name: Uint8Array
  readonly stepUp: StepUp
  /** Of `that-factor`. */
  readonly factor?: Factor
  /** Of `highest-if-displaced`: what the factor is to have. */
  readonly raisedTo?: number
  /** Of `phone` and `telegram`: what takes the place of the number that was proved before. */
  readonly claim?: Claim
  /** What the request does, where its factor is to know. */
  readonly purpose?: Purpose
}

export type StepUpRefusal = Refusal<'tfa-required'> | Refusal<'too-many-requests'>

/** `undefined`: every factor that is demanded was verified for this request, and is used up now. */
export async function passFactors(deps: IdentityDeps, asking: Asking): Promise<StepUpRefusal | undefined> {
  const { database, hsm, policies } = deps
  const { wallet, stepUp } = asking
  const factors: Factor[] = []
  for (const demanded of stepUp.demands) {
    const factor = await factorFor(deps, demanded, asking)
    if (factor) factors.push(factor)
  }
  if (factors.length === 0) return undefined
  const request = await nameRequest(hsm, stepUp.request)
  const { window } = policies.factors
  const verified = await findVerified({ hsm, statements: database }, { walletId: wallet.id, request, window })
  const tokens = factors.map(({ id }) => verified.get(id))
  const missing = factors.find((_, index) => !tokens[index])
  // Long ago that the last one was verified: somebody else may hold the request by now.
  const lapsed = tokens.every((token) => !token?.recent) ? factors[0] : undefined
  const demanded = missing ?? lapsed
  if (demanded) return demand(deps, asking, { factor: demanded, request })
  const ids = tokens.flatMap((token) => (token ? [token.id] : []))
  const used = await database.transaction((tx) => useVerified(tx, wallet.id, ids))
  return used || !factors[0] ? undefined : demand(deps, asking, { factor: factors[0], request })
}

function factorFor(
  deps: IdentityDeps,
  demanded: Demanded,
  { wallet, factor, raisedTo, claim }: Asking,
): Promise<Factor | undefined> | Factor | undefined {
  switch (demanded) {
    case 'password':
      return passwordOf(wallet)
    case 'totp-if-enabled':
      return wallet.factors.find(({ type, priority }) => type === 'totp' && priority > 0)
    case 'that-factor':
      if (!factor) throw new TypeError('a step-up by that factor was given none')
      return factor
    case 'highest':
      return highestOf(wallet.factors)
    case 'highest-if-displaced':
      return factor && raisedTo !== undefined ? displacedBy(wallet.factors, factor, raisedTo) : undefined
    // A signature alone must not lead the codes of an enabled factor elsewhere.
    case 'password-if-moved':
      return wallet.factors.some(({ type, priority }) => type === claim?.type && priority > 0)
        ? passwordOf(wallet)
        : undefined
    case 'email':
    case 'phone':
    case 'telegram':
      return ensureFactor(deps, wallet, demanded)
  }
}

interface Wanted {
  readonly factor: Factor
  readonly request: Uint8Array
}

async function demand(deps: IdentityDeps, asking: Asking, { factor, request }: Wanted): Promise<StepUpRefusal> {
  const { hsm, random, policies, limits } = deps
  const { wallet, walletId, name, purpose } = asking
  if (await limits.attempts.take(asking.stepUp.request.ip)) return tooMany()
  const token = toHex(random(TOKEN_BYTES))
  const id = randomUuid(random)
  const told = await demandFacts(deps, asking, factor)
  const place = { id, walletId: wallet.id, ref: factor.ref, request }
  const address =
    told.address === undefined ? undefined : await sealDelivery(hsm, place, { to: told.address, about: purpose?.full })
  const row = { id, digest: digestOf(token), walletId: wallet.id, factor, name, request }
  const lifetime = policies.factors.lifetime
  await queueDemand(deps, { ...row, lifetime, ...(address && { address }) }, told.address)
  const demanded = {
    detail: 'Additional factor required',
    code: 'tfa_required',
    meta: { token, factor_id: factor.id, factor_type: factor.type, wallet_id: walletId, ...told.meta },
  } as const
  return tfaRequired(withPurpose(demanded, purpose))
}

/**
 * Codes belong to the factor and the request, not to one of its tokens: where no more may be sent, the last one that was
 * sent still answers.
 */
async function queueDemand(
  { database, hsm, policies }: IdentityDeps,
  row: Parameters<typeof insertToken>[1],
  address: string | undefined,
): Promise<void> {
  const { factors } = policies
  const { ref: subject, type } = row.factor
  const take = address === undefined ? undefined : await codeTaker(hsm, type, address)
  await database.transaction(async (tx) => {
    // Another password, or one factor less, since the wallet was read: asked again, it is demanded what it has now.
    if (!(await insertToken(tx, row))) throw new WalletContended()
    if (type === 'password' || type === 'totp') {
      await tx.run(keepBudget(factors[type], subject))
      return
    }
    await tx.run(keepBudget(factors.codes.budget, subject))
    const wish = { subject, group: row.walletId, purpose: toHex(row.request) }
    const requested = await requestCode(tx, factors.codes, wish)
    if ('refusedUntil' in requested || !(await take?.(tx, policies))) return
    await tx.run(sql`select ${addJob(sendFactorCode, { codeId: requested.codeId, tokenId: row.id })}`)
  })
}

/** The request, for handlers that build it in parts. */
export type { RequestFacts }
