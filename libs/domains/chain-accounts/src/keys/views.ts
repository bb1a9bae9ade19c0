import type { z } from 'zod'
import { readKeyData, type KeyData } from '../accounts/key-data.ts'
import type { KeyRow } from '../accounts/key-row.ts'
import type { Owner } from '../accounts/names.ts'
import { timestamp } from '../accounts/views.ts'
import type { ClientApp } from '../apps/contract.ts'
import type { Keystore } from '@strongroom/hsm'
import { keyHex } from '../public-key.ts'
import type { Device, Key } from '../shapes.ts'

/** What is told of a device; what it never told is null. Where it is pushed is told to itself, by the key `seenBy`, alone. */
export const deviceView = (
  key: Pick<KeyRow, 'id' | 'publicKey'>,
  { device = {} }: KeyData,
  seenBy?: string,
): z.input<typeof Device> => ({
  id: key.id,
  publicKey: keyHex(key.publicKey),
  sdkVersion: device.sdkVersion ?? null,
  pushToken: (key.id === seenBy ? device.pushToken : undefined) ?? null,
  name: device.name ?? null,
  osName: device.osName ?? null,
  osVersion: device.osVersion ?? null,
  deviceManufacturer: device.deviceManufacturer ?? null,
  deviceModel: device.deviceModel ?? null,
  lang: device.lang ?? null,
  type: device.type ?? null,
})

/** A key as its account is told of it. */
export async function keyView(
  hsm: Keystore,
  { owner, app, seenBy }: { owner: Owner; app: ClientApp; seenBy: string },
  key: KeyRow,
): Promise<z.input<typeof Key>> {
  const data = await readKeyData(hsm, owner, key)
  const { type, kind } = key
  return {
    publicKey: keyHex(key.publicKey),
    accountId: key.accountId,
    appId: app.id,
    type,
    name: data.device?.name ?? data.cloudKey?.accountName ?? null,
    keyIndex: key.keyIndex,
    state: key.state,
    ...((kind === 'device' || kind === 'passkey') && {
      userKey: {
        type: kind,
        app: { appId: app.id, appName: app.name },
        device: data.device ? deviceView(key, data, seenBy) : null,
      },
    }),
    ...(data.cloudKey && { recoverKey: { type: 'cloud' as const, cloudKey: data.cloudKey } }),
    createdAt: timestamp(key.createdAt),
    lastUsedAt: key.lastUsedAt && timestamp(key.lastUsedAt),
    revokedAt: key.revokedAt && timestamp(key.revokedAt),
  }
}
