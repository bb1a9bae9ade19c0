import type { Proof } from '@strongroom/http/contract'
import type { ClientApp } from '../apps/contract.ts'
import { invalidAppSecret, invalidToken } from '../refusals.ts'

/** Whom one of our tokens speaks for. The app is judged with it: a token of one app is none at another. */
export interface Caller {
  readonly app: ClientApp
  readonly accountId: string
  /** Of the key that signed in. */
  readonly keyId: string
  readonly publicKey: Uint8Array
  /** RFC 7638, of that key. */
  readonly keyThumbprint: string
}

/** Whom a token of one request speaks for. */
export interface RequestCaller extends Omit<Caller, 'keyId' | 'publicKey' | 'keyThumbprint'> {
  /** `2fa:<id>`. */
  readonly scope: string
  readonly requestId: string
}

const scheme = { type: 'http', scheme: 'bearer', description: 'An access token of this service.' } as const
const reads = { header: 'authorization' }
const refusals = [invalidAppSecret, invalidToken]

export const accountToken: Proof<Caller> = { name: 'accountToken', scheme, reads, refusals }

/** An ephemeral token: good for one two-factor request. */
export const requestToken: Proof<RequestCaller> = {
  name: 'requestToken',
  scheme: { ...scheme, description: 'An ephemeral token: it waits for one two-factor request.' },
  reads,
  refusals,
}

/** Either of both. */
export const anyToken: Proof<Caller | RequestCaller> = { name: 'anyToken', scheme, reads, refusals }
