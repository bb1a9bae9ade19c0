import { type CodePolicy, drawCode } from '@strongroom/codes'
import { fromUtf8 } from '@strongroom/crypto'
import { ProviderUnavailable, type Sender, template, Undeliverable } from '@strongroom/notify'
import { z } from 'zod'
import type { ShareDeps } from '../shares/put-auth-share.ts'

/** What mails call the product, for a tenant that a caller names or for none. */
export type Brands = (tenant: string | undefined) => string

export interface MailDeps extends ShareDeps {
  readonly sender: Sender
  readonly brands: Brands
}

const words = template({
  data: z.object({ code: z.string().regex(/^\d{6}$/), brand: z.string(), minutes: z.int() }),
  subject: 'Your <%= it.brand %> verification code',
  text: 'Your verification code is: <%= it.code %>\n\nIt is good for <%= it.minutes %> minutes. If you did not ask for it, ignore this mail.',
  html: '<p>Your verification code is: <strong><%= it.code %></strong></p>\n<p>It is good for <%= it.minutes %> minutes. If you did not ask for it, ignore this mail.</p>',
})

/**
 * Draws a code that was asked for and sends it, inside the request and after its transaction, so that a mail which is
 * refused is reported to whoever waits for it.
 */
export async function mailCode(
  { database, hsm, sender, brands }: MailDeps,
  {
    policy,
    codeId,
    to,
    tenant,
    minutes,
  }: { policy: CodePolicy; codeId: string; to: string; tenant: string | undefined; minutes: number },
): Promise<'sent' | 'refused'> {
  const drawn = await drawCode({ database, hsm }, policy, codeId)
  if (!drawn) return 'refused'
  const rendered = words.render({ code: fromUtf8(drawn.code.expose()), brand: brands(tenant), minutes })
  return trySending(sender, { id: codeId, to, ...rendered })
}

/** A provider that refuses and one that does not answer are both told to whoever waits: nothing is sent later. */
export async function trySending(
  sender: Sender,
  mail: { id: string; to: string; subject: string; text: string; html?: string },
): Promise<'sent' | 'refused'> {
  try {
    await sender.send({ channel: 'email', ...mail })
    return 'sent'
  } catch (error) {
    if (error instanceof Undeliverable || error instanceof ProviderUnavailable) return 'refused'
    throw error
  }
}
