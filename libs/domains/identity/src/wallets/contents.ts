import type { Keystore } from '@strongroom/hsm'
import { z } from 'zod'
import { openJson, ownerOf, type Place, sealJson } from './names.ts'

const Contents = z.object({ walletId: z.string(), email: z.string(), keychain: z.string() })

/** What a wallet holds and a dump does not show. */
export type Contents = z.output<typeof Contents>

export const bindContents = (place: Place) => ({
  table: 'identity.wallets',
  row: place.id,
  owner: ownerOf(place),
  purpose: 'contents',
})

export const sealContents = (hsm: Keystore, place: Place, contents: Contents): Promise<Uint8Array> =>
  sealJson(hsm, bindContents(place), contents)

export const openContents = async (hsm: Keystore, wallet: Place & { contents: Uint8Array }): Promise<Contents> =>
  Contents.parse(await openJson(hsm, bindContents(wallet), wallet.contents))

const PasswordSecret = z.object({ accountId: z.string(), salt: z.string(), keychain: z.string() })

/** What proves the password: a key of its own, encrypted for the client alone. */
export type PasswordSecret = z.output<typeof PasswordSecret>

const TotpSecret = z.object({ seed: z.string() })
export type TotpSecret = z.output<typeof TotpSecret>

const AddressSecret = z.object({ address: z.string() })

/** The number or username that codes are sent to. */
export type AddressSecret = z.output<typeof AddressSecret>

/** Of a factor: the wallet's row and account, and the factor's own name, but not the wallet's id, which may change. */
export interface FactorPlace {
  readonly wallet: Pick<Place, 'id' | 'accountId'>
  readonly ref: string
  readonly type: string
}

export const bindFactor = ({ wallet, ref, type }: FactorPlace) => ({
  table: 'identity.factors',
  row: ref,
  owner: `${wallet.accountId}/${wallet.id}`,
  purpose: type,
})

export const sealFactor = (
  hsm: Keystore,
  place: FactorPlace,
  secret: PasswordSecret | TotpSecret | AddressSecret,
): Promise<Uint8Array> => sealJson(hsm, bindFactor(place), secret)

export const openPassword = async (hsm: Keystore, place: FactorPlace, secret: Uint8Array): Promise<PasswordSecret> =>
  PasswordSecret.parse(await openJson(hsm, bindFactor(place), secret))

export const openTotp = async (hsm: Keystore, place: FactorPlace, secret: Uint8Array): Promise<TotpSecret> =>
  TotpSecret.parse(await openJson(hsm, bindFactor(place), secret))

export const openAddressSecret = async (
  hsm: Keystore,
  place: FactorPlace,
  secret: Uint8Array,
): Promise<AddressSecret> => AddressSecret.parse(await openJson(hsm, bindFactor(place), secret))
