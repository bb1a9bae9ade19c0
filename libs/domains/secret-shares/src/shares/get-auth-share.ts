import { implement, Refusal, reply } from '@strongroom/http'
import { type CallerDeps, nameCallerOf } from '../accounts/caller.ts'
import { openText, openValue } from '../accounts/names.ts'
import { placeOf } from '../accounts/store.ts'
import { AuthShare, getAuthShare } from './contract.ts'
import { maskEmail } from './mask.ts'
import { findRecord, noteRelease, type ShareRecord } from './store.ts'

export const get = implement<CallerDeps>()(getAuthShare, async ({ proof, body }, deps) => {
  const { shareVersion, contactMethod } = body
  const caller = await nameCallerOf(deps, { ...proof, contactMethod }, (seen) =>
    findRecord(deps.database.reading, seen, shareVersion),
  )
  if (caller instanceof Refusal) return caller
  const { account } = caller
  if (!account) return reply(200, null)

  const { envelope, recoveryEmail, released } = account
  const place = placeOf(account)
  const [, authShare, email] = await Promise.all([
    // Committed before the answer, though not yet on disk: a crash may lose the line, not the release of it. First, since the
    // token holds this process up.
    envelope && noteRelease(deps.database.relaxed, account.id, released),
    envelope && openValue(deps.hsm, place, { purpose: 'auth-share', which: String(released), envelope }),
    recoveryEmail && openText(deps.hsm, place, { purpose: 'recovery-email', envelope: recoveryEmail }),
  ])
  return reply(200, {
    exists: true,
    authShare: authShare === null ? null : AuthShare.parse(authShare),
    primaryDid: account.primaryDid,
    securityLevel: account.securityLevel,
    recoveryMethods: account.methods.map(describeMethod),
    keyProvider: account.keyProvider,
    shareVersion: account.shareVersion,
    maskedRecoveryEmail: email === null ? null : maskEmail(email),
  })
})

const describeMethod = ({ type, createdAt, credentialId, shareVersion }: ShareRecord['methods'][number]) => ({
  type,
  createdAt,
  ...(credentialId !== null && { credentialId }),
  ...(shareVersion !== null && { shareVersion }),
})
