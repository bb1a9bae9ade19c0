import { randomUuid, fromBase64 } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { readAccountKey } from '@strongroom/proofs'
import { sql } from '@strongroom/storage'
import { z } from 'zod'
import { keyValues, type LedgerSigner } from '../ledger/ledger.ts'
import { judgeSigners, signerRoles, THRESHOLD } from '../ledger/signer-rules.ts'
import { beginSession, prepareSession } from '../sessions/store.ts'
import { sealContents, sealFactor } from '../wallets/contents.ts'
import { conflict, KDF_VERSION, tooMany, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { foldAddress, nameContact, nameWallet, type Place } from '../wallets/names.ts'
import { findWallet, stampWallet, takeNames } from '../wallets/store.ts'
import { isToken, tokenOfAddress } from '../wallets/verification-link.ts'
import { insertFactor } from '../factors/ensure-factor.ts'
import { createWallet } from './contract.ts'
import { dropUnmade, finishCreation } from './finish-creation.ts'
import { walletDocument } from './wallet-document.ts'

/** What the documents show of a password. */
const PASSWORD_PRIORITY = 100

type Given = z.output<NonNullable<typeof createWallet.body>>

/**
 * A saga: the wallet is written down with its signers, the ledger makes the account, the wallet is there. What a crash
 * leaves in between, a sweep ends.
 */
export const create = implement<IdentityDeps>()(createWallet, async ({ body, ip }, deps) => {
  const { database, hsm, random, policies, ledger } = deps
  if (await deps.limits.creations.take(ip)) return tooMany()
  const checked = await judge(deps, body)
  if (checked instanceof Refusal) return checked
  const { place, verified, signers } = checked
  const { id: walletId, attributes, relationships } = body.data
  const { email, keychain_data: keychain } = attributes
  const password = passwordGiven(body)

  const factor = { ref: randomUuid(random), type: 'password' as const, priority: PASSWORD_PRIORITY }
  const [contents, secret, stamp, session] = await Promise.all([
    sealContents(hsm, place, { walletId, email, keychain }),
    sealFactor(hsm, { wallet: place, ref: factor.ref, type: 'password' }, password),
    stampWallet(hsm, { ...place, verified, version: 1, factors: [factor] }),
    prepareSession(deps, place.id, { ip, publicIp: false }),
  ])
  const begun = await database.transaction(async (tx) => {
    const inserted = await tx.run(sql`
      insert into identity.wallets (id, lookup, contact, account_id, referrer, kdf_version, salt, contents, verified, stamp, signers)
      values (${place.id}, ${place.lookup}, ${place.contact}, ${place.accountId}, ${relationships.referrer?.data?.id ?? null},
              ${KDF_VERSION}, ${fromBase64(attributes.salt)}, ${contents}, ${verified}, ${stamp}, ${JSON.stringify(signers)}::jsonb)
      on conflict do nothing`)
    if (inserted === 0 || !(await takeNames(tx, place.id, place))) return conflict()
    await insertFactor(tx, { walletId: place.id, ...factor, secret })
    return 'begun'
  })
  if (begun instanceof Refusal) return begun

  if ((await ledger.createAccount({ account: place.accountId, signers })) === 'taken') {
    await dropUnmade(database, place.id)
    return conflict()
  }
  await finishCreation(deps, place, { walletId, email, verified })
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
  const isCodeRight = !code || isToken(code, await tokenOfAddress(hsm, contact))
  if (!isCodeRight) return wrongField('/data/attributes/verification_code', 'invalid token')
  const referrer = relationships.referrer?.data?.id
  if (referrer !== undefined) {
    const known = await database.maybe(
      z.object({ id: z.uuid() }),
      sql`select id from identity.wallets where account_id = ${referrer} and signers is null`,
    )
    if (!known) return wrongField('/data/relationships/referrer/data/id', 'is nobody here')
  }
  // An account without a wallet is somebody's: with one on it, whoever reads that wallet's mail could begin to recover it.
  if (await ledger.signersOf(accountId)) return conflict()
  const place = { id: randomUuid(random), lookup, contact, accountId }
  return { place, signers, verified: policies.verification === 'off' || Boolean(code) } satisfies Judged
}

const passwordGiven = ({ included }: Given) => {
  const password = included.find((one) => one.type === 'password')
  if (password?.type !== 'password') throw new Error('a shape let a wallet without password pass')
  const { account_id: accountId, keychain_data: keychain, salt } = password.attributes
  return { accountId, keychain, salt }
}

/** Signers as they are included; the documents include none, and mean the wallet's own key with the usual role. */
async function signersOf({ ledger }: IdentityDeps, { data, included }: Given) {
  const usual = (await ledger.keyValue(keyValues.defaultSignerRole))?.value
  const named = data.relationships.signers
  const keys = named.length > 0 ? named.map(({ id }) => id) : [data.attributes.account_id]
  const signers = keys.map((key): LedgerSigner => {
    const found = included.find((one) => one.type === 'signer' && one.id === key)
    const { role_id: role = Number(usual), ...given } =
      found?.type === 'signer' ? found.attributes : { weight: THRESHOLD, identity: 1, details: '{}' }
    return { key, role, ...given }
  })
  const fault = judgeSigners(signers, await signerRoles(ledger))
  return fault ? wrongField('/data/relationships/signers', `the ledger takes no such signers: ${fault}`) : signers
}
