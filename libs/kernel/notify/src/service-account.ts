import { createPrivateKey } from 'node:crypto'
import type { Secret } from '@strongroom/crypto'
import { z } from 'zod'
import { exposeText } from './expose-text.ts'

const shape = z.object({
  project_id: z.string().regex(/^[\w.:-]{1,100}$/),
  client_email: z.string().min(1),
  private_key: z.string().refine(isPrivateKey),
})

export interface ServiceAccount {
  readonly projectId: string
  readonly clientEmail: string
  /** PEM. */
  readonly privateKey: string
}

/**
 * Reads the key file of a Google service account.
 * @throws TypeError where it is none; names the fields, never a value.
 */
export function readServiceAccount(secret: Secret | string): ServiceAccount {
  const { success, data, error } = shape.safeParse(parse(exposeText(secret)))
  if (!success) {
    const fields = error.issues.map(({ path }) => path.join('.') || 'JSON').join(', ')
    throw new TypeError(`the service account is the JSON of a key; it lacks: ${fields}`)
  }
  return { projectId: data.project_id, clientEmail: data.client_email, privateKey: data.private_key }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}
