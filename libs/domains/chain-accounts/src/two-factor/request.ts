import { toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { Refusal } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { z } from 'zod'
import { type KeyData, readKeyData } from '../accounts/key-data.ts'
import { isGenuineKey, type KeyRow } from '../accounts/key-row.ts'
import { findKeyById } from '../accounts/keys-store.ts'
import { bindTo, isStamped, openJson, type Owner, sealJson, type Stamped } from '../accounts/names.ts'
import { timestamp } from '../accounts/views.ts'
import { deviceView } from '../keys/views.ts'
import { invalidRequest, twoFactorDenied, twoFactorExpired, twoFactorPending } from '../refusals.ts'
import type { TwoFactorAuth } from './contract.ts'
import type { RequestRow } from './store.ts'

/** Who asks, as far as we know. */
export const Asker = z.object({ email: z.string().nullable(), ip: z.string().nullable() })
export type Asker = z.output<typeof Asker>

export const bindAsker = (owner: Owner, id: string) =>
  bindTo(owner, { table: 'two_factor_requests', row: id, purpose: 'asker' })

export const sealAsker = (hsm: Keystore, owner: Owner, { id, asker }: { id: string; asker: Asker }) =>
  sealJson(hsm, bindAsker(owner, id), asker)

/** What a login asked for: which key, on which chain, what the other device is to sign for it, and until when. */
export const requestFacts = (
  { id, chainName, message, expiresAt }: Pick<RequestRow, 'id' | 'chainName' | 'message' | 'expiresAt'>,
  source: Pick<KeyRow, 'id' | 'publicKey'>,
): Stamped => ({
  kind: 'two-factor',
  name: id,
  facts: [chainName, source.id, toHex(source.publicKey), message, expiresAt.toISOString()],
})

export interface ViewingDeps {
  readonly database: { readonly reading: Statements }
  readonly hsm: Keystore
}

export interface Asked {
  readonly row: RequestRow
  readonly source: KeyRow
}

/**
 * A request with the key that it wants let in; none where both were forgotten since it was found.
 * @throws Error where either is not as we wrote it: nothing may follow from it.
 */
export async function readAsked(
  { database, hsm }: ViewingDeps,
  owner: Owner,
  row: RequestRow,
): Promise<Asked | undefined> {
  const source = await findKeyById(database.reading, row.sourceKeyId)
  if (!source) return undefined
  const isOurs =
    source.accountId === owner.id &&
    // One that was denied has no stamp any more, and nothing follows from it.
    (row.state === 'denied' || (await isStamped(hsm, owner, { ...requestFacts(row, source), stamp: row.stamp }))) &&
    (source.state === 'revoked' || (await isGenuineKey(hsm, owner, source)))
  if (!isOurs) throw new Error('a two-factor request is not as we wrote it')
  return { row, source }
}

/** A device as another one may see it: whoever has its push token can write to it. */
const seen = (key: KeyRow, data: KeyData) => ({ ...deviceView(key, data), pushToken: null })

/** As both sides are told of it. */
export async function requestView(
  { database, hsm }: ViewingDeps,
  owner: Owner,
  { row, source }: Asked,
): Promise<TwoFactorAuth> {
  const dest = row.destKeyId === null ? undefined : await findKeyById(database.reading, row.destKeyId)
  const [asker, sourceData, destData] = await Promise.all([
    openJson(hsm, bindAsker(owner, row.id), row.asker),
    readKeyData(hsm, owner, source),
    dest && readKeyData(hsm, owner, dest),
  ])
  const { email, ip } = Asker.parse(asker)
  return {
    id: row.id,
    accountId: row.accountId,
    request: {
      id: row.id,
      app: { appId: row.appId, appName: row.appName },
      userOpInfo: { type: 'sign-in', signIn: { email, ip, location: null } },
      srcDevice: seen(source, sourceData),
      destDevice: dest && destData ? seen(dest, destData) : null,
      requestedAt: timestamp(row.requestedAt),
      message: row.message,
    },
    status: row.state === 'finished' ? 'approved' : row.state,
    expiresAt: timestamp(row.expiresAt),
    ...(row.txId !== null && { result: { txId: row.txId } }),
  }
}

export type StateRefusal =
  | Refusal<'two-factor-denied'>
  | Refusal<'two-factor-expired'>
  | Refusal<'two-factor-pending'>
  | Refusal<'invalid-request'>

/** Why nothing can be done with a request in that state. */
export function overAs(state: Exclude<RequestRow['state'], 'pending'>) {
  if (state === 'denied') return twoFactorDenied()
  return state === 'expired' ? twoFactorExpired() : invalidRequest()
}

/** Why a request in that state signs nobody in. */
export const notApprovedAs = (state: Exclude<RequestRow['state'], 'approved'>) =>
  state === 'pending' ? twoFactorPending() : overAs(state)
