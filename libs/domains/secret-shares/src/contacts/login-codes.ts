import { recordEvent } from '@strongroom/audit'
import { type CodeDeps, guessCode, requestCode, useCode } from '@strongroom/codes'
import { Secret, toHex } from '@strongroom/crypto'
import type { Guessed } from '@strongroom/guesses'
import { keepBudget } from '@strongroom/guesses'
import { implement, type Limiter, Refusal, reply } from '@strongroom/http'
import { takeSend } from '@strongroom/notify'
import { tooManyRequests } from '../accounts/contract.ts'
import { loginCodeAsked, loginCodeUsed } from '../accounts/events.ts'
import { foldContact, nameMailbox, nameRecipient } from '../accounts/names.ts'
import type { Policies } from '../policies.ts'
import { mailCode, type MailDeps } from '../recovery/mail-code.ts'
import { providerCannot, sendLoginCode, verifyLoginCode } from './contract.ts'
import type { LoginProviders } from './login-provider.ts'

export interface ContactDeps extends MailDeps {
  readonly loginProviders: LoginProviders
  /** Codes that one address may ask for. */
  readonly codeRequests: Limiter
  /** Whether a backup may be sent to an address that is neither the account's nor its recovery e-mail. */
  readonly backupAddresses: 'any' | 'own'
}

const LOGIN = 'login'
const MINUTES = 5

export const send = implement<ContactDeps>()(sendLoginCode, async ({ body: { email }, headers, ip }, deps) => {
  const { database, hsm, policies, codeRequests } = deps
  if (await codeRequests.take(ip)) return tooManyRequests()
  const [name, recipient] = await Promise.all([
    nameRecipient(hsm, { type: 'email', value: email }),
    nameMailbox(hsm, email),
  ])
  const subject = toHex(name)
  const { recipient: recipientPerDay, inAll: channelPerDay } = policies.codeMailsPerDay
  const asked = await database.transaction(async (tx) => {
    await tx.run(keepBudget(policies.loginCodes.budget, subject))
    const requested = await requestCode(tx, policies.loginCodes, { subject, group: subject, purpose: LOGIN })
    if ('refusedUntil' in requested) return tooManyRequests()
    await recordEvent(tx, loginCodeAsked, { subject, detail: { code: requested.codeId } })
    const taken = await takeSend(tx, { channel: 'email', caps: { recipientPerDay, channelPerDay }, recipient })
    return taken.taken ? requested.codeId : tooManyRequests()
  })
  if (asked instanceof Refusal) return asked
  const mail = { policy: policies.loginCodes, codeId: asked, to: email, tenant: headers['x-tenant-id'] }
  const outcome = await mailCode(deps, { ...mail, minutes: MINUTES })
  return outcome === 'sent'
    ? reply(200, { success: true })
    : reply(200, { success: false, error: 'Failed to send verification email. Please try again.' })
})

/** One guess at the codes of an address, however it is spelled. A right one is not used up yet. */
export async function guessLoginCode(
  { database, hsm, policies }: CodeDeps & { policies: Policies },
  { email, code }: { email: string; code: string },
): Promise<Guessed<string>> {
  const subject = toHex(await nameRecipient(hsm, { type: 'email', value: email }))
  return guessCode({ database, hsm }, policies.loginCodes, { subject, purpose: LOGIN, code: new Secret(code) })
}

export const verify = implement<ContactDeps>()(verifyLoginCode, async ({ body }, deps) => {
  const provider = deps.loginProviders.firebase
  if (!provider) return providerCannot()
  const guessed = await guessLoginCode(deps, body)
  if (guessed.outcome === 'exhausted') return tooManyRequests()
  const wrong = reply(200, { success: false, error: 'Invalid or expired code. Please try again.' })
  if (guessed.outcome === 'wrong') return wrong
  const codeId = guessed.found
  const used = await deps.database.transaction(async (tx) => {
    if (!(await useCode(tx, codeId))) return false
    await recordEvent(tx, loginCodeUsed, { subject: codeId, detail: { code: codeId } })
    return true
  })
  if (!used) return wrong
  const token = await provider.tokenForEmail(foldContact({ type: 'email', value: body.email }).value)
  return token === undefined
    ? reply(200, { success: false, error: 'This email belongs to an account that never verified it.' })
    : reply(200, { success: true, token })
})
