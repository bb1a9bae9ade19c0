import type { RouterContext } from '@koa/router'
import { callerOf, type Fields, holderOf, LcaError, type LcaParts, sendCode, sixDigits, textOf } from './parts.ts'
import type { Method, UserKey } from './records.ts'

export type Handler = (parts: LcaParts, fields: Fields, context: RouterContext) => Promise<unknown>

const history = 5

/** Any DID will do: that it is another than the record's is only logged. */
const withRecord = async ({ database }: LcaParts, fields: Fields, context: RouterContext): Promise<UserKey> => {
  const { contact } = callerOf(fields)
  holderOf(context)
  const record = await database.userKeys.get(contact)
  if (!record) throw new LcaError(404, 'User key not found. Set up SSS first.')
  return record
}

const getAuthShare: Handler = async ({ database }, fields) => {
  const { contact, provider } = callerOf(fields)
  const record = await database.userKeys.get(contact)
  if (!record) return null
  await database.userKeys.put(contact, { ...record, providers: [...new Set([...record.providers, provider])] })
  const wanted = fields['shareVersion'] === undefined ? record.shareVersion : Number(fields['shareVersion'])
  const shares = [...record.previous, record]
  return {
    authShare: shares.find(({ shareVersion }) => shareVersion === wanted)?.authShare ?? null,
    primaryDid: record.primaryDid,
    recoveryMethods: record.methods.map(({ type, credentialId, shareVersion }) => ({
      type,
      credentialId,
      shareVersion,
    })),
    shareVersion: record.shareVersion,
    maskedRecoveryEmail: record.recoveryEmail ?? null,
  }
}

/** Found, then updated: whoever is faster in between loses what he stored. */
const putAuthShare: Handler = async ({ database }, fields, context) => {
  const { contact, provider } = callerOf(fields)
  const primaryDid = holderOf(context)
  const { authShare } = fields
  const record = await database.userKeys.get(contact)
  const kept = { contact, providers: [provider], primaryDid, authShare }
  if (!record) {
    await database.userKeys.put(contact, { ...kept, shareVersion: 1, previous: [], methods: [] })
    return { success: true, shareVersion: 1 }
  }
  const { authShare: replaced, shareVersion } = record
  const previous = [...record.previous, { authShare: replaced, shareVersion }].slice(-history)
  const versions = [shareVersion + 1, ...previous.map((one) => one.shareVersion)]
  const methods = record.methods.filter((one) => one.shareVersion === undefined || versions.includes(one.shareVersion))
  await database.userKeys.put(contact, { ...record, ...kept, shareVersion: shareVersion + 1, previous, methods })
  return { success: true, shareVersion: shareVersion + 1 }
}

const addMethod: Handler = async (parts, fields, context) => {
  const record = await withRecord(parts, fields, context)
  const { encryptedShare, credentialId, shareVersion } = fields as Partial<Method>
  const type = textOf(fields, 'type')
  const isSame = (one: Method) => one.type === type && (type !== 'passkey' || one.credentialId === credentialId)
  const method = {
    type,
    encryptedShare,
    ...(credentialId !== undefined && { credentialId }),
    ...(shareVersion !== undefined && { shareVersion }),
  }
  const methods = [...record.methods.filter((one) => !isSame(one)), method]
  await parts.database.userKeys.put(record.contact, { ...record, methods })
  return { success: true }
}

/** By token, or by contact alone as the documents have it; then nobody counts and nobody is told. */
const readMethod: Handler = async ({ database }, fields) => {
  const contact =
    fields['authToken'] === undefined
      ? `${textOf(fields, 'contactMethodType')}:${textOf(fields, 'contactMethodValue')}`
      : callerOf(fields).contact
  const record = await database.userKeys.get(contact)
  const { type, credentialId } = fields
  const found = record?.methods.find(
    (one) => one.type === type && (credentialId === undefined || one.credentialId === credentialId),
  )
  return found ? { encryptedShare: found.encryptedShare, shareVersion: found.shareVersion } : null
}

const addEmail: Handler = async (parts, fields, context) => {
  const { contact } = await withRecord(parts, fields, context)
  const email = textOf(fields, 'email')
  const code = sixDigits()
  await parts.database.cache.put(`recovery_email_code:${contact}`, { code, email })
  await sendCode(parts, email, code)
  return { success: true }
}

/** A wrong code costs nothing. */
const verifyEmail: Handler = async (parts, fields, context) => {
  const record = await withRecord(parts, fields, context)
  const name = `recovery_email_code:${record.contact}`
  const pending = await parts.database.cache.get(name)
  if (!pending) throw new LcaError(400, 'No pending verification. Please request a new code.')
  if (pending.code !== textOf(fields, 'code')) throw new LcaError(400, 'Incorrect code. Please try again.')
  await parts.database.cache.remove(name)
  await parts.database.userKeys.put(record.contact, { ...record, recoveryEmail: pending.email })
  return { success: true, maskedEmail: pending.email }
}

const readEmail: Handler = async ({ database }, fields) => ({
  recoveryEmail: (await database.userKeys.get(callerOf(fields).contact))?.recoveryEmail ?? null,
})

/** Whatever text, to whatever address, as often as anybody likes. */
const backUp: Handler = async ({ database, provider }, fields) => {
  const { contact } = callerOf(fields)
  const record = await database.userKeys.get(contact)
  const to = fields['email'] ?? (fields['useRecoveryEmail'] === true ? record?.recoveryEmail : undefined)
  if (typeof to !== 'string') throw new LcaError(400, 'No verified recovery email on file.')
  await provider.send(to, `Your recovery key: ${textOf(fields, 'emailShare')}`)
  return { success: true }
}

const remove: Handler = async ({ database }, fields, context) => {
  const { contact } = callerOf(fields)
  holderOf(context)
  await database.userKeys.remove(contact)
  return { success: true }
}

export const shareRoutes: Readonly<Record<string, Handler>> = {
  'POST /keys/auth-share': getAuthShare,
  'PUT /keys/auth-share': putAuthShare,
  'POST /keys/recovery': addMethod,
  'GET /keys/recovery': readMethod,
  'POST /keys/recovery-email/add': addEmail,
  'POST /keys/recovery-email/verify': verifyEmail,
  'GET /keys/recovery-email': readEmail,
  'POST /keys/email-backup': backUp,
  'POST /keys/migrate': async (_parts, fields) => callerOf(fields) && { success: true },
  'POST /keys/delete': remove,
}
