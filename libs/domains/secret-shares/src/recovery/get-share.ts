import { recordEvent } from '@strongroom/audit'
import { toHex } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { announce, isLimited } from '../accounts/announce.ts'
import { type CallerDeps, nameCaller } from '../accounts/caller.ts'
import { tooManyRequests } from '../accounts/contract.ts'
import { recoveryMissed, recoveryReleased } from '../accounts/events.ts'
import { openValue } from '../accounts/names.ts'
import { type Account, findAccount, placeOf } from '../accounts/store.ts'
import type { Policies } from '../policies.ts'
import { contactFrom, type LookupDeps, seeByContact } from './by-contact.ts'
import { getRecoveryShare, RecoveryShare } from './contract.ts'
import { findExactMethod, findMethod, whichOf } from './store.ts'

export interface RecoveryDeps extends CallerDeps, LookupDeps {
  readonly policies: Policies
}

type Found = NonNullable<Awaited<ReturnType<typeof findMethod>>>

export const getShare = implement<RecoveryDeps>()(
  getRecoveryShare,
  async ({ proof: { login, did }, query, ip }, deps) => {
    const { database } = deps
    const { type, credentialId } = query
    if (login) {
      const caller = await nameCaller(deps, { login, did, contactMethod: contactFrom(query) })
      if (caller instanceof Refusal) return caller
      const { account } = caller
      const method = account && (await findMethod(database.reading, account, { type, credentialId }))
      return account && method ? release(deps, account, { ...method, type, by: 'login' }) : reply(200, null)
    }
    const seen = await seeByContact(deps, query, ip)
    if (seen instanceof Refusal) return seen
    const account = await findAccount(database.reading, seen)
    const found = { id: account?.id ?? NO_ACCOUNT, lookup: seen.lookup }
    const method = await findExactMethod(database.reading, found, { type, credentialId: credentialId ?? '' })
    if (account && method) return release(deps, account, { ...method, type, by: 'contact' })
    await recordEvent(database, recoveryMissed, { subject: toHex(seen.lookup), detail: { type } })
    return reply(200, null)
  },
)

/** Asked for where there is no account, so that its absence takes the same statements. */
const NO_ACCOUNT = '00000000-0000-0000-0000-000000000000'

/** The owner is told, durably, before the share leaves. */
async function release(
  { database, hsm, policies }: RecoveryDeps,
  account: Account,
  { credentialId, envelope, shareVersion, type, by }: Found & { type: string; by: 'login' | 'contact' },
) {
  const which = whichOf({ type, credentialId })
  const share = envelope && (await openValue(hsm, placeOf(account), { purpose: 'recovery-share', which, envelope }))
  const refused = await database.transaction(async (tx) => {
    // Fewer for strangers: they must not use up what the owner may read.
    const most = by === 'contact' ? policies.lookUpsPerDay : policies.changesPerDay
    if (await isLimited(tx, account, { events: ['recovery-read'], most })) return tooManyRequests()
    await recordEvent(tx, recoveryReleased, { subject: account.id, detail: { type, by } })
    await announce(tx, account, 'recovery-read')
    return undefined
  })
  if (refused) return refused
  return reply(200, {
    ...(share !== null && { encryptedShare: RecoveryShare.parse(share) }),
    ...(shareVersion !== null && { shareVersion }),
  })
}
