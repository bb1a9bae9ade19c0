import { askerView } from './asker-view.ts'
import type { TwoFactorAuth } from './contract.ts'

/** What FCM carries is 4,096 bytes, names and all; it takes nothing beyond, and nobody would be told. */
const MOST_BYTES = 3_600

/** Whoever runs the push service reads it: who asks, and from where, is told to the device alone, when it asks us. */
export function pushData(view: TwoFactorAuth): string {
  const { request } = askerView(view)
  const userOpInfo = { type: 'sign-in' as const, signIn: { email: null, ip: null, location: null } }
  const told = { ...view, request: { ...request, userOpInfo } }
  const { srcDevice } = request
  const unnamed = { ...srcDevice, ...nameless }
  // What the asking device calls itself it may draw out: at last it goes without.
  const shorter = [
    told,
    { ...told, request: { ...told.request, message: '' } },
    { ...told, request: { ...told.request, message: '', srcDevice: unnamed } },
  ]
  const texts = shorter.map((twoFactorAuth) => JSON.stringify({ twoFactorAuth }))
  return texts.find((text) => Buffer.byteLength(text) <= MOST_BYTES) ?? texts.at(-1) ?? ''
}

const nameless = {
  sdkVersion: null,
  name: null,
  osName: null,
  osVersion: null,
  deviceManufacturer: null,
  deviceModel: null,
  lang: null,
}
