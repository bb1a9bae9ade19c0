import { z } from 'zod'

const phone = /^\+[1-9]\d{1,14}$/
const email =
  /^(([^<>()[\]\\.,;:\s@"]+(\.[^<>()[\]\\.,;:\s@"]+)*)|(".+"))@((\[[0-9]{1,3}(\.[0-9]{1,3}){3}\])|(([a-zA-Z\-0-9]+\.)+[a-zA-Z]{2,}))$/

/** RFC 5321 allows no longer path. */
const LONGEST = 254

export interface UserAddress {
  readonly channel: 'email' | 'sms'
  /** For sending. */
  readonly typed: string
  /** For finding: an e-mail address in lower case, a number as it is. Nothing else is folded, for providers differ. */
  readonly folded: string
}

/** An e-mail address or a phone number in E.164, by the original's patterns. Never logged, never stored in clear. */
export const UserId = z
  .string()
  .max(LONGEST)
  .refine((text) => text.isWellFormed() && !/[\r\n]/.test(text) && (phone.test(text) || email.test(text)))
  .transform((typed): UserAddress =>
    phone.test(typed)
      ? { channel: 'sms', typed, folded: typed }
      : { channel: 'email', typed, folded: typed.toLowerCase() },
  )
  .meta({ description: 'An e-mail address, or a phone number in E.164.', example: 'ann@example.com' })
