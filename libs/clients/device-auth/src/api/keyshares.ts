import { EncodingError, fromBase64, toBase64 } from '@strongroom/crypto'
import type { Keyshares, MpcKey, RecoveredKeyshare, RefusedKeyshare, SavedKeyshare } from './answers.ts'
import { type FaceScan, fieldsOf } from './faces.ts'
import { notAnAnswer, type Transport } from './transport.ts'

export interface NewBackup {
  readonly keyId: string
  /** Of `sealKeyshare`; at most 1 MiB. */
  readonly sealed: Uint8Array
}

type OnWire = { readonly keyId: string; readonly encryptedKeyshare: string } | RefusedKeyshare

export const keysharesApi = ({ send }: Transport) => ({
  listKeys: async (): Promise<readonly MpcKey[]> => {
    const { answer } = await send<{ keys: readonly MpcKey[] }>({
      method: 'GET',
      path: '/v2/keys',
      fields: { keys: 'array' },
    })
    return answer.keys
  },

  /** 1 to 20, each for another key. What a key had before is replaced. */
  backUp: async (backups: readonly NewBackup[]): Promise<Keyshares<SavedKeyshare>> => {
    const { answer } = await send<{ keyshares: readonly (SavedKeyshare | RefusedKeyshare)[] }>({
      method: 'POST',
      path: '/v2/keyshare/backup',
      body: { keyshares: backups.map(({ keyId, sealed }) => ({ keyId, encryptedKeyshare: toBase64(sealed) })) },
      fields: { keyshares: 'array' },
    })
    return withSuccess(answer.keyshares)
  },

  /** 1 to 20, answered in their order; where not one is there, `noBackup` is thrown. */
  recover: async (keyIds: readonly string[], face: FaceScan): Promise<Keyshares<RecoveredKeyshare>> => {
    const { answer } = await send<{ keyshares: readonly OnWire[] }>({
      method: 'POST',
      path: '/v2/keyshare/recover',
      body: { keyIds, ...fieldsOf(face) },
      fields: { keyshares: 'array' },
    })
    return withSuccess(answer.keyshares.map(recoveredOf))
  },
})

function withSuccess<Item extends object>(keyshares: readonly (Item | RefusedKeyshare)[]): Keyshares<Item> {
  const isSaved = (one: Item | RefusedKeyshare): one is Item => !('error' in one)
  // What the items say, not what stands above them.
  return keyshares.every(isSaved) ? { success: true, keyshares } : { success: false, keyshares }
}

function recoveredOf(one: OnWire): RecoveredKeyshare | RefusedKeyshare {
  if ('error' in one) return one
  try {
    return { keyId: one.keyId, sealed: fromBase64(one.encryptedKeyshare) }
  } catch (error) {
    if (error instanceof EncodingError) throw notAnAnswer()
    throw error
  }
}
