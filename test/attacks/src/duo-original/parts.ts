import type { RouterContext } from '@koa/router'
import type { DuoDatabase } from './database.ts'

export interface DuoParts {
  readonly database: DuoDatabase
  readonly facesUrl: string
  /** The process's clock. */
  readonly now: () => number
}

export type Fields = Record<string, unknown>
export type Handler = (parts: DuoParts, fields: Fields, context: RouterContext) => Promise<unknown>

export class DuoRefusal extends Error {
  readonly status: number
  readonly code: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Names whoever brings a token. No attack forges a signature, so none is looked at. */
export function subjectOf(context: RouterContext): string {
  const token = /^Bearer (.+)$/.exec(context.get('authorization'))?.[1]
  try {
    const claims = JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString('utf8')) as Fields
    return String(claims['sub'])
  } catch {
    throw new DuoRefusal(401, 100101, `Missing or malformed access token: ${String(token)}`)
  }
}

export async function userOf({ database }: DuoParts, context: RouterContext): Promise<{ subject: string; id: string }> {
  const subject = subjectOf(context)
  const user = await database.users.get(subject)
  if (!user) throw new DuoRefusal(404, 100201, 'User not registered')
  return { subject, id: user.userId }
}

export const textOf = (fields: Fields, name: string): string => {
  const value = fields[name]
  // It tells what it was given, as many do.
  if (typeof value !== 'string')
    throw new DuoRefusal(400, 100801, `Validation failed: ${name} ${JSON.stringify(value)}`)
  return value
}
