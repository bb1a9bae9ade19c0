import { encodeTuple, fromUtf8, Secret, toHex, toUtf8 } from '@strongroom/crypto'
import type { Binding, Keystore } from '@strongroom/hsm'
import type { Device } from './contract.ts'

/** The MAC key of devices, on the app's token. */
export const DEVICE_USE = 'qr-device'

const LOOKUP_BYTES = 32

/** What the push senders of `@strongroom/notify` take as `to`. */
export const pushAddress = (device: Device): string =>
  device.kind === 'fcm' ? `fcm:${device.token}` : `web:${JSON.stringify(device.subscription)}`

/** What a device is called under an account: a MAC, other for each account. The keys of a subscription may change. */
export async function nameDevice(hsm: Keystore, accountId: string, device: Device): Promise<Uint8Array> {
  const name = device.kind === 'fcm' ? device.token : device.subscription.endpoint
  const mac = await hsm.mac(DEVICE_USE, encodeTuple(accountId, device.kind, name))
  return mac.subarray(0, LOOKUP_BYTES)
}

export interface DevicePlace {
  readonly accountId: string
  readonly lookup: Uint8Array
}

export const bindAddress = ({ accountId, lookup }: DevicePlace): Binding => ({
  table: 'qr_login.devices',
  row: toHex(lookup),
  owner: accountId,
  purpose: 'push-address',
})

export const sealAddress = (hsm: Keystore, place: DevicePlace, device: Device): Promise<Uint8Array> =>
  hsm.seal(new Secret(toUtf8(pushAddress(device))), bindAddress(place))

/** Throws `Unopenable` for the address of another account’s device: a copied row tells nobody else’s phone. */
export async function openAddress(hsm: Keystore, place: DevicePlace, address: Uint8Array): Promise<string> {
  const opened = await hsm.open(address, bindAddress(place))
  return fromUtf8(opened.expose())
}
