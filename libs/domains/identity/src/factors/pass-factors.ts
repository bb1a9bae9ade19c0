import { requestCode } from '@strongroom/codes'
import { randomUuid, toHex } from '@strongroom/crypto'
import { keepBudget } from '@strongroom/guesses'
import type { Refusal } from '@strongroom/http'
import { addJob } from '@strongroom/jobs'
import { sql } from '@strongroom/storage'
import { sendFactorCode } from '../jobs.ts'
import { openContents, openPassword } from '../wallets/contents.ts'
import { tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameMailbox } from '../wallets/names.ts'
import { takeMail } from '../wallets/resend-verification.ts'
import { type Factor, findFactorSecret, passwordOf, type Wallet } from '../wallets/store.ts'
import { ensureFactor } from './ensure-factor.ts'
import { type Demanded, type RequestFacts, type StepUp, tfaRequired } from './step-up.ts'
import { digestOf, findVerified, insertToken, nameRequest, sealAddress, useVerified } from './tokens.ts'

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
  { wallet, factor }: Asking,
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
      return wallet.factors.find(({ priority }) => priority > 0)
    default:
      return ensureFactor(deps, wallet, demanded)
  }
}

interface Wanted {
  readonly factor: Factor
  readonly request: Uint8Array
}

async function demand(deps: IdentityDeps, asking: Asking, { factor, request }: Wanted): Promise<StepUpRefusal> {
  const { hsm, random, policies, limits } = deps
  const { wallet, walletId, name } = asking
  if (await limits.attempts.take(asking.stepUp.request.ip)) return tooMany()
  const token = toHex(random(TOKEN_BYTES))
  const id = randomUuid(random)
  const told = await tellOf(deps, wallet, factor)
  const address = told.address === undefined ? undefined : await sealAddress(hsm, id, told.address)
  const row = { id, digest: digestOf(token), walletId: wallet.id, factor, name, request }
  const lifetime = policies.factors.lifetime
  await queueDemand(deps, { ...row, lifetime, ...(address && { address }) }, told.address)
  return tfaRequired({
    detail: 'Additional factor required',
    code: 'tfa_required',
    meta: { token, factor_id: factor.id, factor_type: factor.type, wallet_id: walletId, ...told.meta },
  })
}

/** What a demand says beside its token, and where its code goes. */
async function tellOf(
  { database, hsm }: IdentityDeps,
  wallet: Wallet,
  { ref, type }: Factor,
): Promise<{ address?: string; meta: { keychain_data?: string; salt?: string } }> {
  if (type === 'email') return { address: (await openContents(hsm, wallet)).email, meta: {} }
  if (type !== 'password') return { meta: {} }
  const found = await findFactorSecret(database.reading, ref)
  if (!found?.secret) throw new Error('a password factor has no secret')
  const { keychain, salt } = await openPassword(hsm, { wallet, ref, type }, found.secret)
  return { meta: { keychain_data: keychain, salt } }
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
  const mailbox = address === undefined ? undefined : await nameMailbox(hsm, address)
  await database.transaction(async (tx) => {
    await insertToken(tx, row)
    if (type === 'password' || type === 'totp') {
      await tx.run(keepBudget(factors[type], subject))
      return
    }
    await tx.run(keepBudget(factors.codes.budget, subject))
    const wish = { subject, group: row.walletId, purpose: toHex(row.request) }
    const requested = await requestCode(tx, factors.codes, wish)
    if ('refusedUntil' in requested || !mailbox || !(await takeMail(tx, policies, mailbox))) return
    await tx.run(sql`select ${addJob(sendFactorCode, { codeId: requested.codeId, tokenId: row.id })}`)
  })
}

/** The request, for handlers that build it in parts. */
export type { RequestFacts }
