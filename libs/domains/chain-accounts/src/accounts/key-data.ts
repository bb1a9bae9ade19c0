import type { Keystore } from '@strongroom/hsm'
import { z } from 'zod'
import { DeviceFields } from '../shapes.ts'
import type { KeyRow } from './key-row.ts'
import { bindKeyData, openJson, type Owner, sealJson } from './names.ts'

/** What is told of a key. Nothing decides by it; it is of people, so it is sealed. */
export const KeyData = z.object({
  device: DeviceFields.optional(),
  passKey: z.object({ platform: z.string() }).optional(),
  cloudKey: z.object({ accountName: z.string() }).optional(),
})
export type KeyData = z.output<typeof KeyData>

export const writeKeyData = (
  hsm: Keystore,
  owner: Owner,
  { id, data }: { id: string; data: KeyData },
): Promise<Uint8Array> => sealJson(hsm, bindKeyData(owner, id), data)

/** @throws Unopenable for what belongs elsewhere. */
export async function readKeyData(
  hsm: Keystore,
  owner: Owner,
  { id, data }: Pick<KeyRow, 'id' | 'data'>,
): Promise<KeyData> {
  return data === null ? {} : KeyData.parse(await openJson(hsm, bindKeyData(owner, id), data))
}
