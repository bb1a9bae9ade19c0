import { createHash } from 'node:crypto'
import { style } from './style.ts'

export type Policy = readonly string[]

const styleHash = createHash('sha256').update(style).digest('base64')

/** The page runs no script, fetches nothing, and is framed by nobody; its frames are mails of ours. */
const page: Policy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

/** A mail in its frame, or opened alone: no script, no origin, no request; its own styles only. */
export const framed: Policy = [
  'sandbox',
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
]

export const policyOf = (policy: Policy = page): string => policy.join('; ')
