import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { TransactionSigner } from '../src/ledger/cosign.ts'
import type { OperationBody } from '../src/ledger/operations.ts'
import { isFault, readEnvelope } from '../src/ledger/envelope.ts'
import { type Answered, type IdentityWorld, ledgerBut, networkPassphrase } from './identity-world.ts'
import { add, transactionOf, type TransactionWish, update } from './ledger-world.ts'
import type { SigningKey } from './signing-key.ts'
import { signerOf } from './transaction-signers.ts'
import { answerTo, demandIn, newUser, type WalletOwner } from './wallet-owner.ts'

/** A key that signs requests and transactions. */
export interface BothKey extends SigningKey {
  readonly signer: TransactionSigner
}

export function bothKey(): BothKey {
  const signer = signerOf(randomBytes(32))
  const base64 = (bytes: Uint8Array) => Buffer.from(signer.sign(bytes) as Uint8Array).toString('base64')
  return {
    id: signer.keyId,
    signer,
    sign: (text) => base64(Buffer.from(text)),
    signatureFor(method, target) {
      const digest = createHash('sha256').update(`(request-target): ${method.toLowerCase()} ${target}`).digest()
      return `keyId="${signer.keyId}",algorithm="ed25519-sha256",headers="(request-target)",signature="${base64(digest)}"`
    },
  }
}

export interface Holder extends WalletOwner {
  readonly key: BothKey
  readonly signer: TransactionSigner
}

export async function newHolder(world: IdentityWorld): Promise<Holder> {
  const key = bothKey()
  return { ...(await newUser(world, { key })), key, signer: key.signer }
}

export const storing = (
  world: IdentityWorld,
  account: string,
  { by, ...attributes }: { by?: SigningKey | undefined; role_id?: unknown; weight?: unknown },
): Promise<Answered> =>
  world.ask('POST', `/integrations/multisig/accounts/${account}/signers`, {
    by,
    body: { data: { type: 'signer', attributes: { role_id: 2, weight: 500, ...attributes } } },
  })

export interface Stored {
  readonly keyId: string
  readonly identity: number
}

export async function store(world: IdentityWorld, { account, key }: Holder): Promise<Stored> {
  const made = await storing(world, account, { by: key })
  expect([made.status, made.text]).toEqual([200, expect.any(String)])
  const { id, attributes } = (made.body as { data: { id: string; attributes: { identity: number } } }).data
  return { keyId: id, identity: attributes.identity }
}

/** An account that its owner and a stored key sign for together: neither weighs enough. */
export async function newShared(world: IdentityWorld): Promise<{ owner: Holder; stored: Stored }> {
  const owner = await newHolder(world)
  const stored = await store(world, owner)
  const { identity } = stored
  const operations = [add(stored, { weight: 500, identity }), update(owner.signer, { weight: 500 })]
  // Both owners together weigh a thousand afterwards.
  const done = await world.ledger.submit(await signedBy(owner, { operations }))
  expect(done).toMatchObject({ outcome: 'applied' })
  return { owner, stored }
}

export const signedBy = (
  owner: Holder,
  { operations, ...more }: Partial<TransactionWish> & { readonly operations: readonly OperationBody[] },
): Promise<string> =>
  transactionOf({
    source: { keyId: owner.account },
    signers: [owner.signer],
    passphrase: networkPassphrase,
    operations,
    ...more,
  })

const path = '/integrations/multisig/transactions'

export const submitting = (world: IdentityWorld, tx: string, to: string = path): Promise<Answered> =>
  world.ask('POST', to, { body: { tx } })

/** Submits, proves the password, and submits again. */
export async function submitProven(world: IdentityWorld, owner: Holder, tx: string): Promise<Answered> {
  const demand = demandIn(await submitting(world, tx))
  expect((await answerTo(world, demand, owner.password.sign(demand.token))).status).toBe(204)
  return submitting(world, tx)
}

export const errorIn = ({ body }: Answered) =>
  (body as { errors: { detail?: string; meta?: Record<string, unknown> }[] }).errors[0]

export const newKey = (): TransactionSigner => signerOf(randomBytes(32))

/** Adds a signer whom nobody knows. */
export const adding = (): OperationBody => add(newKey(), { identity: 77, weight: 1 })

const none = { fixed: 0n, percent: 0n }

export const paying = (to: string, amount = 12_500_000n): OperationBody => ({
  type: 'payment',
  sourceBalance: `abcdef12${'00'.repeat(28)}`,
  destination: { kind: 'account', account: to },
  amount,
  fees: { source: none, destination: none, sourcePaysForDestination: false },
  subject: 'canary-subject',
  reference: 'canary-reference',
})

export function signaturesIn(tx: string): number {
  const read = readEnvelope(tx, networkPassphrase)
  if (isFault(read)) throw new Error(read.fault)
  return read.signatures.length
}

/** Everything that is submitted to the ledger from now on. */
export function watchLedger(world: IdentityWorld): readonly string[] {
  const submitted: string[] = []
  const ledger = ledgerBut(world.deps.ledger, {
    submit(envelope) {
      submitted.push(envelope)
      return world.deps.ledger.submit(envelope)
    },
  })
  world.serveWith({ ledger })
  return submitted
}
