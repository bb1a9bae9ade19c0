import { createHash } from 'node:crypto'

export const sha256base64url = (text: string): string => createHash('sha256').update(text).digest('base64url')
