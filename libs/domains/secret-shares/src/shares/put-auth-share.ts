import { implement, Refusal, reply } from '@strongroom/http'
import type { Tx } from '@strongroom/storage'
import { announce } from '../accounts/announce.ts'
import { type Caller, type CallerDeps, nameCaller } from '../accounts/caller.ts'
import { tooManyRequests } from '../accounts/contract.ts'
import { countHeld, holdRecord } from '../accounts/hold.ts'
import { ownerOf, sealValue } from '../accounts/names.ts'
import type { WhenRemoved } from '../accounts/remove.ts'
import { type Account, bindLogin, holdAccount, placeOf } from '../accounts/store.ts'
import { clearForNewOwner, type Succession } from '../accounts/succession.ts'
import type { Policies } from '../policies.ts'
import { type AuthShare, putAuthShare, shareConflict } from './contract.ts'
import { advance, insertAccount, insertShare, prune } from './store.ts'

export interface ShareDeps extends CallerDeps {
  readonly policies: Policies
  /** UUID, version 4. */
  readonly newAccountId: () => string
  readonly whenRemoved: WhenRemoved
}

interface Stored {
  readonly did: string
  readonly provider: string
  readonly authShare: AuthShare
  readonly keyProvider: string | undefined
  readonly securityLevel: string | undefined
  /** The record that this one takes the place of, once its lock has opened. */
  readonly succession: Succession | undefined
}

/** A faster request took the version that we sealed for: once more, for the next. */
const OVERTAKEN = 'overtaken'
type Outcome = number | typeof OVERTAKEN | Refusal<'too-many-requests'>

/** Of so many at once, more than a day may hold, one is stored at each round. */
const ROUNDS = 40

export const put = implement<ShareDeps>()(putAuthShare, async ({ proof, body }, deps) => {
  const { authShare, keyProvider, securityLevel, expectedShareVersion, contactMethod } = body
  let known: string | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const succession = await clearForNewOwner(deps, { ...proof, contactMethod })
    const caller = succession?.caller ?? (await nameCaller(deps, { ...proof, contactMethod }))
    if (caller instanceof Refusal) return caller
    // Moved or deleted meanwhile: what was meant for that record must not become the first share of another.
    if (known !== undefined && caller.account?.id !== known) return shareConflict()
    known = caller.account?.id
    const current = caller.account?.shareVersion ?? 0
    if (expectedShareVersion !== undefined && expectedShareVersion !== current) return shareConflict()
    const stored = {
      did: proof.did.did,
      provider: proof.login.provider,
      authShare,
      keyProvider,
      securityLevel,
      succession,
    }
    const outcome = await (caller.account ? rotate(deps, caller.account, stored) : found(deps, caller, stored))
    if (outcome instanceof Refusal) return outcome
    if (outcome !== OVERTAKEN) return reply(200, { success: true, shareVersion: outcome })
  }
  return shareConflict()
})

/** The first share makes the record. */
async function found(deps: ShareDeps, { contact, seen }: Caller, stored: Stored): Promise<Outcome> {
  const { database, hsm, newAccountId } = deps
  const { did: primaryDid, provider, keyProvider = 'sss', securityLevel = 'basic', succession } = stored
  const id = newAccountId()
  const place = { accountId: id, owner: ownerOf({ lookup: seen.lookup, primaryDid }) }
  const [sealedContact, envelope] = await Promise.all([
    sealValue(hsm, place, { purpose: 'contact', value: contact.value }),
    sealValue(hsm, place, { purpose: 'auth-share', which: '1', value: stored.authShare }),
  ])
  const account = { id, lookup: seen.lookup, contactType: contact.type, contact: sealedContact, primaryDid }
  return database.transaction(async (tx): Promise<Outcome> => {
    if (succession && !(await succession.clear(tx))) return OVERTAKEN
    if (!(await insertAccount(tx, { ...account, keyProvider, securityLevel }))) return OVERTAKEN
    await bindLogin(tx, { accountId: id, login: seen.login, provider })
    await insertShare(tx, { accountId: id, version: 1, envelope })
    return 1
  })
}

async function rotate(deps: ShareDeps, account: Account, stored: Stored): Promise<Outcome> {
  const { database, hsm, policies } = deps
  const { id: accountId } = account
  const version = account.lastVersion + 1
  const kept = { purpose: 'auth-share', which: String(version), value: stored.authShare } as const
  const envelope = await sealValue(hsm, placeOf(account), kept)
  return database.transaction(async (tx): Promise<Outcome> => {
    if (!(await holdAccount(tx, account))) return OVERTAKEN
    const rotations = await countHeld(tx, account.lookup, 'rotated')
    if (rotations >= policies.rotationsPerDay) return tooManyRequests()
    await holdRecord(tx, { accountId, reason: 'rotated', seconds: policies.hold })
    await store(tx, { accountId, version, envelope }, { ...stored, history: policies.history })
    await announce(tx, account, 'share-rotated')
    return version
  })
}

async function store(
  tx: Tx,
  share: { accountId: string; version: number; envelope: Uint8Array },
  { keyProvider, securityLevel, history }: Stored & { history: number },
): Promise<void> {
  const { accountId, version } = share
  await insertShare(tx, share)
  await advance(tx, { id: accountId, version, keyProvider, securityLevel })
  await prune(tx, accountId, history)
}
