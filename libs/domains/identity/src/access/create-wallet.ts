import { randomUuid, fromBase64 } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { readAccountKey } from '@strongroom/proofs'
import { sql } from '@strongroom/storage'
import { z } from 'zod'
import { findUnregistered, prepareAdoption } from '../identities/adoptions.ts'
import { findHolder, holdName, IdentityContended } from '../identities/store.ts'
import type { LedgerSigner } from '../ledger/ledger.ts'
import { beginSession, prepareSession } from '../sessions/store.ts'
import { provesAddress } from '../wallets/address-tokens.ts'
import { sealContents, sealFactor } from '../wallets/contents.ts'
import { conflict, KDF_VERSION, tooMany, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { givenSigners } from '../wallets/given-signers.ts'
import { foldAddress, nameContact, nameWallet, type Place } from '../wallets/names.ts'
import { findWallet, stampWallet, takeNames } from '../wallets/store.ts'
import { insertFactor } from '../factors/ensure-factor.ts'
import { createWallet } from './contract.ts'
import { dropUnmade, finishCreation, makeAccount } from './finish-creation.ts'
import { writeSigners } from './signers-to-be.ts'
import { walletDocument } from './wallet-document.ts'

/** What the documents show of a password. */
const PASSWORD_PRIORITY = 100

type Given = z.output<NonNullable<typeof createWallet.body>>

/**
 * A saga: the wallet is written down with its signers, the ledger makes the account, the wallet is there. What a crash
 * leaves in between, a sweep ends.
 */
export const create = implement<IdentityDeps>()(createWallet, async ({ body, ip }, deps) => {
  const { database, hsm, random, policies } = deps
  if (await deps.limits.creations.take(ip)) return tooMany()
  const checked = await judge(deps, body)
  if (checked instanceof Refusal) return checked
  const { place, verified, signers, adopted } = checked
  const { id: walletId, attributes, relationships } = body.data
  const { email, keychain_data: keychain } = attributes
  const password = passwordGiven(body)

  const factor = { ref: randomUuid(random), type: 'password' as const, priority: PASSWORD_PRIORITY }
  const [contents, secret, stamp, toBe, session, adopt] = await Promise.all([
    sealContents(hsm, place, { walletId, email, keychain }),
    sealFactor(hsm, { wallet: place, ref: factor.ref, type: 'password' }, password),
    stampWallet(hsm, { ...place, verified, version: 1, factors: [factor] }),
    writeSigners(hsm, place, signers),
    prepareSession(deps, place.id, { ip, publicIp: false }),
    adopted === undefined ? undefined : prepareAdoption(hsm, { walletId: place.id, identityId: adopted, signers }),
  ])
  const begun = await database.transaction(async (tx) => {
    const inserted = await tx.run(sql`
      insert into identity.wallets (id, lookup, contact, account_id, referrer, kdf_version, salt, contents, verified, stamp, signers)
      values (${place.id}, ${place.lookup}, ${place.contact}, ${place.accountId}, ${relationships.referrer?.data?.id ?? null},
              ${KDF_VERSION}, ${fromBase64(attributes.salt)}, ${contents}, ${verified}, ${stamp}, ${toBe}::jsonb)
      on conflict do nothing`)
    if (inserted === 0 || !(await takeNames(tx, place.id, place))) return conflict()
    // Behind the wallet's row, as wherever else both are held: the other way round, two sign-ups with one address would wait for each other.
    await holdName(tx, place.contact)
    // What was made for the address since it was judged, or is there no more, is judged anew.
    if ((await findHolder(tx, { kind: 'email', name: place.contact })) !== adopted) throw new IdentityContended()
    if (adopt && !(await adopt(tx))) return conflict()
    await insertFactor(tx, { walletId: place.id, ...factor, secret })
    return 'begun'
  })
  if (begun instanceof Refusal) return begun

  const made = { walletId, email, verified }
  const finished = (await makeAccount(deps, place, { signers, verified })) ?? (await finishCreation(deps, place, made))
  if (finished instanceof Refusal) {
    await dropUnmade(database, place.id)
    return finished
  }
  const expiresAt = await beginSession(
    database,
    { walletId: place.id, lookup: place.lookup, lifetime: policies.sessionLifetime },
    session,
  )
  const wallet = await findWallet(deps, place.lookup)
  if (!wallet || !expiresAt) return conflict()
  return reply(201, walletDocument({ wallet, walletId, email, keychain, session: { ...session, expiresAt } }))
})

interface Judged {
  readonly place: Place
  readonly verified: boolean
  readonly signers: readonly LedgerSigner[]
  /** The identity whose account becomes the wallet's. */
  readonly adopted: string | undefined
}

/** What no shape can tell: checksums, what is there already, what an administrator decided. */
async function judge(deps: IdentityDeps, given: Given) {
  const { hsm, random, policies, database, ledger } = deps
  const { id, attributes, relationships } = given.data
  const { account_id: accountId, email, verification_code: code } = attributes
  if (!readAccountKey(accountId)) return wrongField('/data/attributes/account_id', 'is no account key')
  if (!readAccountKey(passwordGiven(given).accountId))
    return wrongField('/included', 'a password’s account_id is no account key')
  const domain = foldAddress(email).split('@').at(-1) ?? ''
  if (policies.refusedDomains.includes(domain))
    return wrongField('/data/attributes/email', 'this domain gets no wallets')
  const signers = await signersOf(deps, given)
  if (signers instanceof Refusal) return signers
  const [lookup, contact] = await Promise.all([nameWallet(hsm, id), nameContact(hsm, email)])
  const isCodeRight = !code || (await provesAddress(deps, contact, code))
  if (!isCodeRight) return wrongField('/data/attributes/verification_code', 'invalid token')
  const referrer = relationships.referrer?.data?.id
  if (referrer !== undefined) {
    const known = await database.maybe(
      z.object({ id: z.uuid() }),
      sql`select id from identity.wallets where account_id = ${referrer} and signers is null`,
    )
    if (!known) return wrongField('/data/relationships/referrer/data/id', 'is nobody here')
  }
  const adopted = await findUnregistered(deps, contact)
  // An account without a wallet is somebody's: with one on it, whoever reads that wallet's mail could begin to recover it.
  if (!adopted && (await ledger.signersOf(accountId))) return conflict()
  const place = { id: randomUuid(random), lookup, contact, accountId: adopted?.address ?? accountId }
  // What was paid to an address goes to nobody who just typed it, whatever else opens unverified.
  const verified = Boolean(code) || (policies.verification === 'off' && !adopted)
  return { place, signers, verified, adopted: adopted?.id } satisfies Judged
}

const passwordGiven = ({ included }: Given) => {
  const password = included.find((one) => one.type === 'password')
  if (password?.type !== 'password') throw new Error('a shape let a wallet without password pass')
  const { account_id: accountId, keychain_data: keychain, salt } = password.attributes
  return { accountId, keychain, salt }
}

/** The documents relate none, and mean the wallet's own key with the usual role. */
const signersOf = ({ ledger }: IdentityDeps, { data, included }: Given) => {
  const named = data.relationships.signers
  const keys = named.length > 0 ? named.map(({ id }) => id) : [data.attributes.account_id]
  return givenSigners(ledger, { keys, included: included.filter((one) => one.type === 'signer') })
}
