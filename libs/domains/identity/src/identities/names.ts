import { equalBytes, sha256, toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { z } from 'zod'
import { foldAddress, nameIdentifier, openJson, sealJson, stampOf } from '../wallets/names.ts'

/** What identities are looked up by, beside their accounts. */
export const identifierKinds = ['email', 'phone', 'telegram', 'passport'] as const
export type IdentifierKind = (typeof identifierKinds)[number]

export const isPhone = (text: string): boolean => /^\+[1-9]\d{6,14}$/.test(text)

const folds: Readonly<Record<IdentifierKind, (text: string) => string>> = {
  email: foldAddress,
  phone: (text) => text,
  telegram: (text) => text.replace(/^@/, '').toLowerCase(),
  passport: (text) => text,
}

/** What one of them is called in the database. An e-mail address has the name that its wallet has. */
export const nameOf = (hsm: Keystore, kind: IdentifierKind, text: string): Promise<Uint8Array> =>
  nameIdentifier(hsm, kind, folds[kind](text))

export const sameIdentifier = (kind: IdentifierKind, a: string, b: string): boolean => folds[kind](a) === folds[kind](b)

const Contents = z.object({
  email: z.string().optional(),
  phone: z.string().optional(),
  telegram: z.string().optional(),
  passport: z.string().optional(),
})

/** Personal, and of no use to who has a dump. */
export type Contents = z.output<typeof Contents>

export interface IdentityPlace {
  readonly id: string
  readonly address: string
}

export const bindIdentity = ({ id, address }: IdentityPlace) => ({
  table: 'identity.identities',
  row: id,
  owner: address,
  purpose: 'contents',
})

export const sealIdentity = (hsm: Keystore, place: IdentityPlace, contents: Contents): Promise<Uint8Array> =>
  sealJson(hsm, bindIdentity(place), contents)

export const openIdentity = async (
  hsm: Keystore,
  identity: IdentityPlace & { readonly contents: Uint8Array },
): Promise<Contents> => Contents.parse(await openJson(hsm, bindIdentity(identity), identity.contents))

export type Names = Readonly<Record<IdentifierKind, Uint8Array | null>>

/** What decides whom an identifier leads to: nobody is sent another's payments by a table alone. */
export interface IdentityState extends IdentityPlace, Names {
  readonly status: 'active' | 'unregistered'
  readonly walletId: string | null
  readonly findable: boolean
  readonly contents: Uint8Array
  readonly version: number
}

export function stampIdentity(hsm: Keystore, state: IdentityState): Promise<Uint8Array> {
  const { id, address, status, walletId, findable, contents, version } = state
  const names = identifierKinds.map((kind) => toHex(state[kind] ?? new Uint8Array()))
  const found = findable ? 'findable' : 'hidden'
  return stampOf(hsm, 'identity', id, address, status, walletId ?? '', found, version, ...names, sha256(contents))
}

export const isStamped = async (
  hsm: Keystore,
  identity: IdentityState & { readonly stamp: Uint8Array },
): Promise<boolean> => equalBytes(identity.stamp, await stampIdentity(hsm, identity))
