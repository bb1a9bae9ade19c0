import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { add, remove } from './ledger-world.ts'
import { bothKey, type Holder, newHolder, signedBy } from './cosigning.ts'
import type { Answered, Asked, IdentityWorld } from './identity-world.ts'
import type { SigningKey } from './signing-key.ts'
import { answerTo, codeTo, demandIn, newEmail, newOwner, walletBody, type WalletOwner } from './wallet-owner.ts'

export interface Call extends Asked {
  readonly method: string
  readonly target: string
}

export const asking = (world: Pick<IdentityWorld, 'ask'>, { method, target, ...asked }: Call): Promise<Answered> =>
  world.ask(method, target, asked)

export const newId = (): string => randomBytes(32).toString('hex')

export interface Proofs {
  readonly password?: SigningKey
  /** Where codes are sent: the newest one counts. */
  readonly email?: string
  readonly phone?: string
}

/** Asks, proves what is demanded, and asks again: which factors were demanded, and the first answer that demands no more. */
export async function passing(world: IdentityWorld, call: Call, { password, ...addresses }: Proofs) {
  const demanded: string[] = []
  for (;;) {
    const sent = Object.fromEntries(Object.values(addresses).map((address) => [address, codesTo(world, address)]))
    const answer = await asking(world, call)
    if (answer.status !== 403 || !answer.text.includes('tfa_required')) return { demanded, answer }
    const demand = demandIn(answer)
    const type = demand.factor_type
    demanded.push(type)
    const to = type === 'email' || type === 'phone' ? addresses[type] : undefined
    const otp = to === undefined ? password?.sign(demand.token) : await codeTo(world, to, (sent[to] ?? 0) + 1)
    if (otp === undefined || demanded.length > 4) return { demanded, answer }
    expect((await answerTo(world, demand, otp)).status).toBe(204)
  }
}

const codesTo = (world: IdentityWorld, to: string): number =>
  world.sentTo(to).filter(({ text }) => /code is: \d{6}/.test(text)).length

/** What a KYC recovery makes of a wallet: whoever reads its mail sets a password and a key. */
export function recovering(taker: WalletOwner): Call {
  const { data, included } = walletBody(taker)
  const { kdf, factor } = data.relationships
  const relationships = { kdf, factor, signer: { data: { type: 'signer', id: taker.key.id } } }
  return {
    method: 'PUT',
    target: `/wallets/${taker.walletId}`,
    by: taker.key,
    body: { data: { ...data, type: 'recovery-wallet', relationships }, included: included.slice(0, 1) },
  }
}

export const newTaker = ({ email, account }: WalletOwner): Holder => {
  const key = bothKey()
  const { account: _, ...taker } = newOwner({ key, email })
  return { ...taker, account, key, signer: key.signer }
}

export async function recover(world: IdentityWorld, owner: WalletOwner): Promise<Holder> {
  const taker = newTaker(owner)
  const { answer } = await passing(world, recovering({ ...taker, account: taker.key.id }), { email: owner.email })
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return taker
}

export const moving = ({ walletId }: WalletOwner, next: WalletOwner): Call => ({
  method: 'POST',
  target: `/wallets/${walletId}`,
  body: walletBody(next),
})

/** The same keys under another address. */
export const elsewhere = (owner: WalletOwner): WalletOwner => ({ ...owner, walletId: newId(), email: newEmail() })

export const restoring = ({ walletId, key }: WalletOwner): Call => ({
  method: 'POST',
  target: `/wallets/${walletId}/restoration`,
  by: key,
})

/** What another password makes of a wallet, with another key instead of the one it has, or the same. */
export async function changing(
  owner: Holder,
  key: 'another key' | 'the same key' = 'another key',
): Promise<{ readonly next: Holder; readonly call: Call }> {
  const { key: own, signer } = owner
  const taker = newTaker(owner)
  const next = key === 'another key' ? taker : { ...taker, key: own, signer }
  const swap = [add({ keyId: next.key.id }), remove({ keyId: own.id })]
  const operations = key === 'another key' ? swap : [add({ keyId: taker.key.id }, { weight: 1, identity: 77 })]
  const envelope = await signedBy(owner, { operations })
  const { data, included } = walletBody({ ...next, account: next.key.id })
  const { kdf, factor } = data.relationships
  const relationships = { kdf, factor, transaction: { data: { type: 'transaction', id: '1' } } }
  const transaction = { type: 'transaction', id: '1', attributes: { envelope } }
  const body = { data: { ...data, relationships }, included: [...included.slice(0, 1), transaction] }
  return { next, call: { method: 'PUT', target: `/wallets/${owner.walletId}`, by: owner.key, body } }
}

export { type Holder, newHolder }
