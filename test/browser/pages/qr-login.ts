import {
  type CheckedDevice,
  deviceShareId,
  findNewDevice,
  indexedDbStore,
  type NewDeviceLogin,
  scanNewDevice,
  startQrLogin,
  type UncheckedDevice,
} from '@strongroom/sss-client'
import { hexOf, open, type Where } from './wallet.ts'

export { logIn, setUp } from './wallet.ts'

let asking: NewDeviceLogin | undefined
let unchecked: UncheckedDevice | undefined

/** The new device: shows its QR code, here as the text in it, and its eight digits. */
export async function ask(where: Where): Promise<void> {
  asking = await startQrLogin(open(where).api)
  show('QR code', asking.qrContent)
  show('short code', asking.shortCode)
}

/** The new device: shows what answers the six digits that somebody typed in. */
export const answer = (challenge: string): void => show('answer', begun(asking).answer(challenge))

/** The new device: waits for the share and makes it its own. The seed in hex. */
export async function receive(where: Where): Promise<string> {
  const transfer = await begun(asking).wait({ interval: 0.1 })
  return hexOf((await open(where).custody.adopt(transfer)).seed)
}

/** The old device, with its camera. */
export const scan = async (where: Where, qrContent: string): Promise<void> =>
  approve(where, await scanNewDevice(open(where).api, qrContent))

/** The old device, with eight typed digits: shows six others to carry over. */
export async function find(where: Where, shortCode: string): Promise<void> {
  unchecked = await findNewDevice(open(where).api, shortCode)
  show('challenge', unchecked.challenge)
}

/** The old device: types in what the new one answers. */
export const confirm = async (where: Where, answered: string): Promise<void> =>
  approve(where, begun(unchecked).confirm(answered))

async function approve(where: Where, device: CheckedDevice): Promise<void> {
  const kept = await indexedDbStore().read(deviceShareId())
  if (kept?.did === undefined) throw new Error('this device has no share to hand over')
  await device.approve({ ...kept, did: kept.did, login: open(where).login })
}

function show(label: string, text: string): void {
  const output = document.createElement('output')
  output.ariaLabel = label
  output.textContent = text
  document.body.append(output)
}

function begun<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('nothing has begun on this device')
  return part
}
