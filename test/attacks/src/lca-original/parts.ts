import type { RouterContext } from '@koa/router'
import type { Provider } from '../original/parts.ts'
import type { LcaDatabase } from './records.ts'

export interface LcaParts {
  database: LcaDatabase
  provider: Provider
}

export interface Caller {
  /** `email:ann@example.com`: who has the address has the record, verified or not. */
  contact: string
  email?: string
  /** `firebase:<uid>` */
  provider: string
}

export class LcaError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export type Fields = Record<string, unknown>

/** Names whoever brings a token. No attack forges a signature, so none is looked at; everything else is as the shape has it. */
export function callerOf({ authToken, providerType }: Fields): Caller {
  const claims = claimsOf(authToken)
  if (!claims) throw new LcaError(401, 'Invalid Firebase token')
  const { sub, email, phone_number: phone } = claims
  const provider = `${String(providerType)}:${String(sub)}`
  if (typeof email === 'string') return { contact: `email:${email.toLowerCase()}`, email, provider }
  if (typeof phone === 'string') return { contact: `phone:${phone}`, provider }
  throw new LcaError(400, 'User must have an email or phone number')
}

/** The holder of a presentation. Neither a challenge nor a time is asked for: it is good for ever. */
export function holderOf(context: RouterContext): string {
  const claims = claimsOf(/^Bearer (.+)$/.exec(context.get('authorization'))?.[1])
  const { holder } = (claims?.['vp'] ?? {}) as { holder?: string }
  if (holder === undefined) throw new LcaError(401, 'UNAUTHORIZED')
  return holder
}

function claimsOf(token: unknown): Fields | undefined {
  try {
    return JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString('utf8')) as Fields
  } catch {
    return undefined
  }
}

export const textOf = (fields: Fields, name: string): string => {
  const value = fields[name]
  if (typeof value !== 'string' || value === '') throw new LcaError(400, 'Input validation failed')
  return value
}

export const sixDigits = (): string => String(100_000 + Math.floor(Math.random() * 900_000))

export const sendCode = ({ provider }: LcaParts, to: string, code: string): Promise<void> =>
  provider.send(to, `Your verification code is: ${code}`)
