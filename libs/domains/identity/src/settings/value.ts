import type { Binding, Keystore } from '@strongroom/hsm'
import { openJson, sealJson } from '../wallets/names.ts'
import type { SettingPlace } from './store.ts'

/** A value that was moved to another key or account does not open there. */
export const bindSetting = ({ accountId, key }: SettingPlace): Binding => ({
  table: 'identity.settings',
  row: `${accountId}/${key}`,
  owner: accountId,
  purpose: 'setting',
})

export const sealSetting = (hsm: Keystore, place: SettingPlace, value: unknown): Promise<Uint8Array> =>
  sealJson(hsm, bindSetting(place), value)

/** Throws `Unopenable` for what belongs elsewhere. */
export const openSetting = (hsm: Keystore, place: SettingPlace, envelope: Uint8Array): Promise<unknown> =>
  openJson(hsm, bindSetting(place), envelope)
