import { randomUUID } from 'node:crypto'
import { recordEvent } from '@strongroom/audit'
import { fromUtf8, type Secret, toHex } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { takeSend, template } from '@strongroom/notify'
import { z } from 'zod'
import { type Caller, nameCaller } from '../accounts/caller.ts'
import { tooManyRequests } from '../accounts/contract.ts'
import { backupMailed } from '../accounts/events.ts'
import { isSameContact, nameMailbox, openText } from '../accounts/names.ts'
import { placeOf } from '../accounts/store.ts'
import { trySending } from '../recovery/mail-code.ts'
import { addressNeeded, backupRefused, emailBackup, foreignAddress, noRecoveryEmail, twoAddresses } from './contract.ts'
import type { ContactDeps } from './login-codes.ts'

const words = template({
  data: z.object({ brand: z.string(), share: z.string() }),
  subject: 'Your <%= it.brand %> recovery key',
  text: 'This is one part of the key of your wallet. Keep this mail; with one other part it brings your wallet back.\n\n<%= it.share %>\n\nNobody will ever ask you for it but your wallet.',
  html: '<p>This is one part of the key of your wallet. Keep this mail; with one other part it brings your wallet back.</p>\n<p style="overflow-wrap:anywhere"><code><%= it.share %></code></p>\n<p>Nobody will ever ask you for it but your wallet.</p>',
})

interface Address {
  readonly email: string
  readonly kind: 'own' | 'recovery' | 'other'
}

export const backUp = implement<ContactDeps>()(emailBackup, async ({ proof, body, headers }, deps) => {
  const { emailShare, encryptedShare, email, useRecoveryEmail, contactMethod } = body
  if (email !== undefined && useRecoveryEmail) return twoAddresses()
  const caller = await nameCaller(deps, { ...proof, contactMethod })
  if (caller instanceof Refusal) return caller
  const address = useRecoveryEmail ? await recoveryAddress(deps, caller) : addressOf(deps, caller, email)
  if (address instanceof Refusal) return address

  const refused = await takeRight(deps, caller, address)
  if (refused) return refused
  // The share passes through: it is never in a row, a job or a log.
  const share = (emailShare ?? encryptedShare) as Secret
  const rendered = words.render({ brand: deps.brands(headers['x-tenant-id']), share: fromUtf8(share.expose()) })
  const outcome = await trySending(deps.sender, { id: randomUUID(), to: address.email, ...rendered })
  share.wipe()
  return outcome === 'sent' ? reply(200, { success: true }) : backupRefused()
})

async function recoveryAddress(
  { hsm }: ContactDeps,
  { account }: Caller,
): Promise<Address | Refusal<'no-recovery-email'>> {
  if (!account?.recoveryEmail) return noRecoveryEmail()
  const kept = { purpose: 'recovery-email', envelope: account.recoveryEmail } as const
  return { email: await openText(hsm, placeOf(account), kept), kind: 'recovery' }
}

function addressOf({ backupAddresses }: ContactDeps, { contact }: Caller, email: string | undefined) {
  if (email === undefined) return addressNeeded()
  if (isSameContact(contact, { type: 'email', value: email })) return { email, kind: 'own' } as const
  return backupAddresses === 'any' ? ({ email, kind: 'other' } as const) : foreignAddress()
}

/** Counts for whoever sends and for whoever receives: a stolen login mails nobody often. */
async function takeRight(
  { database, hsm, policies }: ContactDeps,
  { seen, account }: Caller,
  { email, kind }: Address,
) {
  const { account: ofAccount, recipient: ofRecipient, inAll } = policies.backupsPerDay
  const recipient = await nameMailbox(hsm, email)
  // Of the contact, not of its record: a new record would start a new day.
  const sender = toHex(seen.lookup)
  return database.transaction(async (tx) => {
    const channel = 'email'
    const rights = [
      { channel, caps: { recipientPerDay: ofAccount, channelPerDay: inAll }, recipient: `backup-by/${sender}` },
      {
        channel,
        caps: { recipientPerDay: ofRecipient, channelPerDay: inAll },
        recipient: `backup-to/${toHex(recipient)}`,
      },
    ] as const
    for (const right of rights) if (!(await takeSend(tx, right)).taken) return tooManyRequests()
    await recordEvent(tx, backupMailed, { subject: account?.id ?? sender, detail: { to: kind } })
    return undefined
  })
}
