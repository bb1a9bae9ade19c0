import { createHmac, randomBytes } from 'node:crypto'
import type { CreationOptions, Credentials, RequestOptions } from '../src/passkey-options.ts'

export interface Passkeys extends Credentials {
  /** Every set of options that it was given. */
  readonly asked: (CreationOptions | RequestOptions)[]
  secretOf(credentialId: string): Uint8Array
}

/** An authenticator of the kind a platform has: a secret for each passkey, and HMAC-SHA256 as its PRF. */
export function passkeys({ evaluates }: { evaluates: 'create' | 'get' }): Passkeys {
  const secrets = new Map<string, Uint8Array>()
  const asked: (CreationOptions | RequestOptions)[] = []
  const answer = (id: Buffer, input: Uint8Array | undefined) => {
    const output =
      input &&
      createHmac('sha256', secrets.get(id.toString('base64')) ?? '')
        .update(input)
        .digest()
    const results = output && { first: Uint8Array.from(output).buffer }
    return {
      rawId: Uint8Array.from(id).buffer,
      getClientExtensionResults: () => ({ prf: { enabled: true, ...(results && { results }) } }),
    }
  }
  return {
    asked,
    secretOf: (credentialId) => secrets.get(credentialId) ?? new Uint8Array(),
    create: ({ publicKey }) => {
      asked.push(publicKey)
      const id = randomBytes(20)
      secrets.set(id.toString('base64'), randomBytes(32))
      return Promise.resolve(answer(id, evaluates === 'create' ? publicKey.extensions.prf.eval.first : undefined))
    },
    get: ({ publicKey }) => {
      asked.push(publicKey)
      const id = publicKey.allowCredentials
        .map((one) => Buffer.from(one.id))
        .find((one) => secrets.has(one.toString('base64')))
      return Promise.resolve(id ? answer(id, publicKey.extensions.prf.eval.first) : null)
    },
  }
}
