import { callerOf, holderOf, LcaError, sendCode, sixDigits, textOf } from './parts.ts'
import type { Handler } from './share-routes.ts'

const codeName = (email: string, code: string): string => `login-code:${email}:${code}`

const sendLoginCode: Handler = async (parts, fields) => {
  const email = textOf(fields, 'email')
  const { cache } = parts.database
  for (const name of cache.keys().filter((one) => one.startsWith(codeName(email, '')))) await cache.remove(name)
  const code = sixDigits()
  await cache.put(codeName(email, code), { code, email })
  await sendCode(parts, email, code)
  return { success: true }
}

/** A wrong one costs nothing. */
const verifyLoginCode: Handler = async ({ database }, fields) => {
  const [email, code] = [textOf(fields, 'email'), textOf(fields, 'code')]
  if (await database.cache.remove(codeName(email, code))) return { success: true, token: 'custom' }
  return { success: false, error: 'Invalid or expired code. Please try again.' }
}

const upgrade: Handler = async ({ database }, fields) => {
  const { provider } = callerOf(fields)
  const [phone, email, code] = [textOf(fields, 'previousPhone'), textOf(fields, 'email'), textOf(fields, 'code')]
  if (!(await database.cache.remove(codeName(email, code)))) {
    throw new LcaError(400, 'Invalid or expired code. Please try again.')
  }
  const record = await database.userKeys.get(`phone:${phone}`)
  if (!record) throw new LcaError(404, 'No account found for the provided phone number.')
  if (!record.providers.includes(provider)) {
    throw new LcaError(403, 'You do not have permission to upgrade this account.')
  }
  const contact = `email:${email}`
  if (await database.userKeys.get(contact)) {
    throw new LcaError(409, 'This email is already associated with another account.')
  }
  await database.userKeys.put(contact, { ...record, contact })
  await database.userKeys.remove(record.contact)
  return { success: true, customToken: 'custom' }
}

/** A counter of each DID: whoever knows one challenge knows the next. */
const challenges: Handler = async ({ database }, _fields, context) => {
  const did = holderOf(context)
  const next = ((await database.challenges.get(did)) ?? -1) + 1
  await database.challenges.put(did, next)
  return [String(next)]
}

export const loginRoutes: Readonly<Record<string, Handler>> = {
  'POST /send-login-verification-code': sendLoginCode,
  'POST /verify-login-code': verifyLoginCode,
  'POST /keys/upgrade-contact-method': upgrade,
  'GET /challenges': challenges,
}
