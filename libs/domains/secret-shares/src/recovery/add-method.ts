import { implement, Refusal, reply } from '@strongroom/http'
import { announce, isLimited } from '../accounts/announce.ts'
import { nameCaller } from '../accounts/caller.ts'
import { keyNotFound, tooManyRequests } from '../accounts/contract.ts'
import { holdRecord } from '../accounts/hold.ts'
import { sealValue } from '../accounts/names.ts'
import { holdAccount, placeOf } from '../accounts/store.ts'
import type { ShareDeps } from '../shares/put-auth-share.ts'
import { shareConflict } from '../shares/contract.ts'
import { addRecoveryMethod, tooManyMethods } from './contract.ts'
import { countOthers, putMethod, whichOf } from './store.ts'

export const addMethod = implement<ShareDeps>()(addRecoveryMethod, async ({ proof, body }, deps) => {
  const { database, hsm, policies } = deps
  const { type, encryptedShare, credentialId, shareVersion, contactMethod } = body
  const caller = await nameCaller(deps, { ...proof, contactMethod })
  if (caller instanceof Refusal) return caller
  const { account } = caller
  if (!account) return keyNotFound()

  const { id: accountId } = account
  const method = { accountId, type, credentialId, shareVersion: shareVersion ?? undefined }
  const which = whichOf(method)
  const envelope =
    encryptedShare === undefined
      ? undefined
      : await sealValue(hsm, placeOf(account), { purpose: 'recovery-share', which, value: encryptedShare })
  return database.transaction(async (tx) => {
    if (await isLimited(tx, account, { most: policies.changesPerDay })) return tooManyRequests()
    if (!(await holdAccount(tx, account))) return shareConflict()
    // Each change holds a copy of all of them.
    if ((await countOthers(tx, method)) >= policies.methods) return tooManyMethods()
    await holdRecord(tx, { accountId, reason: 'changed', seconds: policies.hold })
    await putMethod(tx, { ...method, envelope })
    await announce(tx, account, 'recovery-added')
    return reply(200, { success: true })
  })
})
