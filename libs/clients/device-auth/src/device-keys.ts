import { type DeviceKey, deviceKeyOf, generateKeyPair, type PlatformKeyPair } from './device-key.ts'
import { type DatabaseFactory, withObjects } from './indexed-db.ts'

/**
 * The keys that this browser keeps, by a name of yours. One for each user: a key that is registered to one is refused
 * to every other.
 */
export interface DeviceKeys {
  /** `undefined`: there is none, or the browser has forgotten it. */
  find(name: string): Promise<DeviceKey | undefined>
  /** Makes the key where there is none. Tabs that ask at once get the same one. */
  findOrMake(name: string): Promise<DeviceKey>
  /** For good: what is registered under it is of no use any more. */
  remove(name: string): Promise<void>
}

/** Keys in IndexedDB as the platform's own handles: they sign, and cannot be read out by any script. */
export function openDeviceKeys(databases: DatabaseFactory = platformDatabases()): DeviceKeys {
  const read = (name: string) =>
    withObjects(databases, 'readonly', (keys) => {
      const request = keys.get(name)
      return () => request.result
    })
  return {
    find: async (name) => {
      const kept = await read(name)
      return kept === undefined ? undefined : keptKey(kept)
    },
    findOrMake: async (name) => {
      const kept = (await read(name)) ?? (await keepFirst(databases, name, await generateKeyPair()))
      return keptKey(kept)
    },
    remove: (name) =>
      withObjects(databases, 'readwrite', (keys) => {
        keys.delete(name)
        return () => undefined
      }),
  }
}

/** A transaction does not wait for a key to be made: made before, of two the one that comes first is kept. */
const keepFirst = (databases: DatabaseFactory, name: string, made: PlatformKeyPair): Promise<unknown> =>
  withObjects(databases, 'readwrite', (keys) => {
    const found = keys.get(name)
    found.addEventListener('success', () => {
      if (found.result === undefined) keys.put(made, name)
    })
    return () => found.result ?? made
  })

async function keptKey(kept: unknown): Promise<DeviceKey> {
  const { privateKey, publicKey } = (kept ?? {}) as Partial<PlatformKeyPair>
  if (!privateKey || !publicKey) throw new Error('what is kept under this name is no device key')
  return deviceKeyOf({ privateKey, publicKey })
}

function platformDatabases(): DatabaseFactory {
  const { indexedDB } = globalThis as { indexedDB?: DatabaseFactory }
  if (!indexedDB) throw new Error('this platform has no IndexedDB: bring a DeviceKey of your own')
  return indexedDB
}
