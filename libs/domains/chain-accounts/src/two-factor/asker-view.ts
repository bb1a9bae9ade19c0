import type { TwoFactorAuth } from './contract.ts'

const nothing = {
  publicKey: null,
  sdkVersion: null,
  pushToken: null,
  name: null,
  osName: null,
  osVersion: null,
  deviceManufacturer: null,
  deviceModel: null,
  lang: null,
  type: null,
}

/** As who waits is told, and as a push carries it: a login alone learns nothing of the devices of its account. */
export function askerView(view: TwoFactorAuth): TwoFactorAuth {
  const { destDevice } = view.request
  return { ...view, request: { ...view.request, destDevice: destDevice && { id: destDevice.id, ...nothing } } }
}
