import { fromBase64, Secret, toBase64, toUtf8 } from '@strongroom/crypto'
import { type AesKey, open, seal } from './aes-gcm.ts'
import { type DatabaseFactory, findOrPut, type Place, readAll, writeAll } from './indexed-db.ts'
import { shareFromSealedText, shareToHex } from './shares.ts'

/** A device's own share, and what it belongs to. */
export interface DeviceShare {
  readonly share: Secret
  /** None in what LearnCard's early clients stored. */
  readonly shareVersion?: number
  /** None in what LearnCard's clients stored. */
  readonly did?: string
}

/** Where a device keeps its share. Node brings its own, for instance on a keychain. */
export interface DeviceStore {
  /** `undefined`: there is none, or none that this device can open. */
  read(id: string): Promise<DeviceShare | undefined>
  /** Replaces, all parts at once. */
  write(id: string, share: DeviceShare): Promise<void>
  remove(id: string): Promise<void>
}

/** The id where LearnCard's client keeps the share of a device that one user has; of several, of this one. */
export const deviceShareId = (user?: string): string =>
  user === undefined ? 'sss-device-share' : `sss-device-share:${user}`

const MASTER_KEY = 'master-key'

/**
 * LearnCard's own database, so that either client finds the other's share: `lcb-sss-keys`, a master key that the
 * platform does not give out, shares under AES-256-GCM with their id as associated data.
 */
export function indexedDbStore(factory: DatabaseFactory = platformDatabases()): DeviceStore {
  const place: Place = { factory, name: 'lcb-sss-keys', stores: ['keys', 'shares'] }
  const keyOf = () => masterKey(place)
  return {
    read: async (id) => {
      const [sealed, shareVersion, did] = await readAll(place, 'shares', [id, `${id}:version`, `${id}:did`])
      const share = await openShare(sealed, id, keyOf)
      if (!share) return undefined
      return {
        share,
        ...(typeof shareVersion === 'number' && { shareVersion }),
        ...(typeof did === 'string' && { did }),
      }
    },
    write: async (id, { share, shareVersion, did }) => {
      const { ciphertext, iv } = await seal(await keyOf(), new Secret(shareToHex(share)), { aad: toUtf8(id) })
      const sealed = { version: 1, iv: toBase64(iv), cipher: toBase64(ciphertext), keyVersion: 1 }
      await writeAll(place, 'shares', { [id]: sealed, [`${id}:version`]: shareVersion, [`${id}:did`]: did })
    },
    remove: (id) =>
      writeAll(place, 'shares', { [id]: undefined, [`${id}:version`]: undefined, [`${id}:did`]: undefined }),
  }
}

/** A share in memory alone: for a public computer, and for tests. */
export function memoryStore(): DeviceStore {
  const shares = new Map<string, DeviceShare>()
  return {
    read: (id) => Promise.resolve(shares.get(id)),
    write: (id, share) => Promise.resolve(void shares.set(id, share)),
    remove: (id) => Promise.resolve(void shares.delete(id)),
  }
}

async function masterKey(place: Place): Promise<AesKey> {
  const [kept] = await readAll(place, 'keys', [MASTER_KEY])
  if (kept) return kept as AesKey
  const made = await globalThis.crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ])
  // Two tabs that start at once both make a key: the one that comes second takes the first's.
  return (await findOrPut(place, 'keys', { key: MASTER_KEY, value: made })) as AesKey
}

async function openShare(sealed: unknown, id: string, keyOf: () => Promise<AesKey>): Promise<Secret | undefined> {
  if (!isSealed(sealed)) return undefined
  const key = await keyOf()
  try {
    const parts = { ciphertext: fromBase64(sealed.cipher), iv: fromBase64(sealed.iv) }
    const plain = await open(key, parts, toUtf8(id))
    return plain && shareFromSealedText(plain)
  } catch {
    return undefined
  }
}

const isSealed = (value: unknown): value is { readonly iv: string; readonly cipher: string } => {
  const { version, iv, cipher } = (value ?? {}) as Readonly<Record<string, unknown>>
  return version === 1 && typeof iv === 'string' && typeof cipher === 'string'
}

function platformDatabases(): DatabaseFactory {
  const { indexedDB } = globalThis as { indexedDB?: DatabaseFactory }
  if (!indexedDB) throw new Error('this platform has no IndexedDB: give custody a store of your own')
  return indexedDB
}
