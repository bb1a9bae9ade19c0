import { fromUtf8, Secret } from '@strongroom/crypto'
import { type Signer, signFactorToken } from '@strongroom/identity-client'
import { generate } from 'otplib'
import { expect } from 'vitest'
import { type Answered, type Ask, type Asked, type World } from './client.ts'
import { codesTo } from './mails.ts'
import type { Owner } from './owners.ts'

/** What a 403 says of the factor that is to be verified. */
export interface Demand {
  readonly token: string
  readonly factor_id: number
  readonly factor_type: string
  readonly wallet_id: string
  readonly keychain_data?: string
  readonly salt?: string
}

/** The demand of a 403, which the answer must be. */
export function demandIn({ status, text, body }: Answered, type?: string): Demand {
  const { errors } = body as { errors?: { code?: string; meta: Demand }[] }
  const [error] = errors ?? []
  expect([status, error?.code, type ?? error?.meta.factor_type], `of ${text}`).toEqual([
    403,
    'tfa_required',
    error?.meta.factor_type,
  ])
  return error?.meta as Demand
}

export const answering = (demand: Demand, otp: string | number): Asked => ({
  method: 'PUT',
  path: `/wallets/${demand.wallet_id}/factors/${String(demand.factor_id)}/verification`,
  body: { data: { type: 'factor_verification', attributes: { token: demand.token, otp } } },
})

/** What proves a password. */
export const passwordProof = async (demand: Demand, factor: Signer): Promise<string> =>
  fromUtf8((await signFactorToken(factor, new Secret(demand.token))).expose())

const STEP = 30

/**
 * A code of the step that is so many from now; of the last seconds of a step none, as it might end on the way, and of more
 * of them where nothing forgives that.
 */
export async function totpCode(secret: string, steps = 0): Promise<string> {
  const left = STEP * 1000 - (Date.now() % (STEP * 1000))
  if (left < (steps === 0 || steps === 1 ? 4_000 : 12_000))
    await new Promise((resolve) => setTimeout(resolve, left + 50))
  return generate({ secret, epoch: Math.floor(Date.now() / 1000) + steps * STEP })
}

/** Lets codes of steps that were used be used again, so that no test waits for the next half minute. */
export const forgetSteps = ({ app }: Pick<World, 'app'>) => app.sql('update identity.factors set last_step = 0')

export interface Answers {
  readonly password?: Signer
  /** The TOTP secret. */
  readonly totp?: string
}

/** Asks, proves what is demanded, and asks again: the first answer that demands nothing more. */
export async function passing(world: Pick<World, 'app' | 'ask'>, asked: Asked, answers: Answers): Promise<Answered> {
  for (let tries = 0; tries < 4; tries++) {
    const answer = await world.ask(asked)
    const { errors } = (answer.body ?? {}) as { errors?: { code?: string }[] }
    if (errors?.[0]?.code !== 'tfa_required') return answer
    const demand = demandIn(answer)
    const verified = await world.ask(answering(demand, await otpOf(world, demand, answers)))
    expect([verified.status, verified.text]).toEqual([204, ''])
  }
  throw new Error('factors are demanded without an end')
}

async function otpOf(world: Pick<World, 'app'>, demand: Demand, { password, totp }: Answers): Promise<string> {
  if (demand.factor_type === 'password' && password) return passwordProof(demand, password)
  if (demand.factor_type === 'totp' && totp !== undefined) {
    await forgetSteps(world)
    return totpCode(totp)
  }
  throw new Error(`${demand.factor_type} is demanded, and this owner has none`)
}

interface Made {
  readonly data: { readonly id: string; readonly attributes: { readonly secret: string; readonly seed: string } }
}

export interface Totp {
  readonly id: string
  readonly secret: string
}

/** A TOTP factor that is not enabled. */
export async function newTotp(world: World, owner: Owner): Promise<Totp> {
  const asked = { method: 'POST', path: `/wallets/${owner.walletId}/factors`, by: owner.signer }
  const made = await passing(world, { ...asked, body: { data: { type: 'totp' } } }, { password: owner.factor })
  expect([made.status, made.text]).toEqual([201, expect.any(String)])
  const { id, attributes } = (made.body as Made).data
  return { id, secret: attributes.secret }
}

export const setting = (owner: Pick<Owner, 'walletId' | 'signer'>, factorId: string, priority: unknown): Asked => ({
  method: 'PATCH',
  path: `/wallets/${owner.walletId}/factors/${factorId}`,
  by: owner.signer,
  body: { data: { attributes: { priority } } },
})

/** A TOTP factor that is asked for. */
export async function enableTotp(world: World, owner: Owner): Promise<Totp> {
  const totp = await newTotp(world, owner)
  const enabled = await passing(world, setting(owner, totp.id, 101), { totp: totp.secret })
  expect([enabled.status, enabled.text]).toEqual([204, ''])
  await forgetSteps(world)
  return totp
}

/** An e-mail factor, and the answer to a demand for it: the newest code of the mailbox. */
export const mailedCode = async (world: Pick<World, 'app'>, address: string, count = 1): Promise<string> =>
  (await codesTo(world.app, address, count)).at(-1) ?? ''

export const factorsOf = async (ask: Ask, { walletId }: Pick<Owner, 'walletId'>) =>
  ((await ask({ path: `/wallets/${walletId}/factors` })).body as { data: FactorShown[] }).data

interface FactorShown {
  readonly id: string
  readonly type: string
  readonly attributes: { readonly priority: number }
}
