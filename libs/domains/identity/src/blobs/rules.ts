import { equalBytes } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { Refusal } from '@strongroom/http'
import { isAdmin, standingOf } from '../ledger/authority.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { notAllowed, notFound } from '../wallets/contract.ts'
import { type BlobType, isPrivateBlob } from './contract.ts'
import { nameBringer } from './names.ts'
import type { Blob } from './store.ts'

export interface AuthorityDeps {
  readonly ledger: Ledger
  readonly hsm: Keystore
}

export type No = Refusal<'not-allowed'> | Refusal<'not-found'>

export interface Creation {
  /** `G…`, or empty: nobody's. */
  readonly owner: string
  readonly type: BlobType
  readonly key: string
  readonly admins: 'admitted' | 'refused'
}

/**
 * Whether a key may make a blob for an account, and how the blob is marked: a key that recovery let in brings papers, which
 * it alone of such keys reads. It replaces nothing that the owner said.
 */
export async function judgeCreation(
  { ledger, hsm }: AuthorityDeps,
  { owner, type, key, admins }: Creation,
): Promise<No | { readonly bringer: Uint8Array | null }> {
  const standing = owner === '' ? undefined : await standingOf(ledger, { account: owner, key })
  if (standing === 'owner') return { bringer: null }
  if (standing === 'recovering')
    return type === 'nav_update' ? notAllowed() : { bringer: await nameBringer(hsm, { account: owner, key }) }
  if (owner !== '' && (await ledger.signersOf(owner)) === undefined) return notFound()
  return admins === 'admitted' && (await isAdmin(ledger, key)) ? { bringer: null } : notAllowed()
}

/** As whom somebody reads a blob. */
export type Reader = 'anybody' | 'owner' | 'admin'

/** A hidden blob is as unknown to all but administrators. */
export async function judgeReader(deps: AuthorityDeps, blob: Blob, key: string | undefined): Promise<No | Reader> {
  const { ledger } = deps
  if (blob.deletedAt) return key !== undefined && (await isAdmin(ledger, key)) ? 'admin' : notFound()
  if (!isPrivateBlob(blob.type)) return 'anybody'
  if (key === undefined) return notAllowed()
  if (await ownsOrBrought(deps, blob, key)) return 'owner'
  return (await isAdmin(ledger, key)) ? 'admin' : notAllowed()
}

async function ownsOrBrought({ ledger, hsm }: AuthorityDeps, blob: Blob, key: string): Promise<boolean> {
  if (blob.owner === '') return false
  const standing = await standingOf(ledger, { account: blob.owner, key })
  if (standing !== 'recovering') return standing === 'owner'
  return blob.bringer !== null && equalBytes(blob.bringer, await nameBringer(hsm, { account: blob.owner, key }))
}

/** What of an account's blobs somebody's list shows. */
export interface View {
  readonly sees: 'public' | 'all' | { readonly broughtBy: Uint8Array }
  readonly as: 'anybody' | 'owner' | 'admin'
}

export async function viewOf(
  { ledger, hsm }: AuthorityDeps,
  { account, key }: { account: string; key: string | undefined },
): Promise<View> {
  if (key === undefined) return { sees: 'public', as: 'anybody' }
  const standing = await standingOf(ledger, { account, key })
  if (standing === 'owner') return { sees: 'all', as: 'owner' }
  if (standing === 'recovering') return { sees: { broughtBy: await nameBringer(hsm, { account, key }) }, as: 'owner' }
  return (await isAdmin(ledger, key)) ? { sees: 'all', as: 'admin' } : { sees: 'public', as: 'anybody' }
}
