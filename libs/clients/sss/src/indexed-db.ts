/** As much of IndexedDB 3.0 as a store of shares needs; the platform's own `indexedDB` fits. */
export interface DatabaseFactory {
  open(name: string, version: number): OpenRequest
}

interface Request<Result> {
  readonly result: Result
  readonly error: unknown
  addEventListener(type: string, listener: () => void): void
}

type OpenRequest = Request<Connection>

interface Connection {
  readonly objectStoreNames: { contains(name: string): boolean }
  createObjectStore(name: string): unknown
  transaction(names: string[], mode: 'readonly' | 'readwrite'): Transaction
  close(): void
}

interface Transaction {
  readonly error: unknown
  objectStore(name: string): ObjectStore
  addEventListener(type: string, listener: () => void): void
}

export interface ObjectStore {
  get(key: string): Request<unknown>
  put(value: unknown, key: string): Request<unknown>
  delete(key: string): Request<unknown>
}

export interface Place {
  readonly factory: DatabaseFactory
  readonly name: string
  readonly stores: readonly string[]
}

/** Values by key, or `undefined` for a key that is not there; all read at one moment. */
export const readAll = (place: Place, store: string, keys: readonly string[]): Promise<readonly unknown[]> =>
  inTransaction(place, { store, mode: 'readonly' }, (objects) => {
    const requests = keys.map((key) => objects.get(key))
    return () => requests.map((request) => request.result)
  })

/** `undefined` deletes. All of it is written, or nothing. */
export const writeAll = (place: Place, store: string, entries: Readonly<Record<string, unknown>>): Promise<void> =>
  inTransaction(place, { store, mode: 'readwrite' }, (objects) => {
    for (const [key, value] of Object.entries(entries)) {
      if (value === undefined) objects.delete(key)
      else objects.put(value, key)
    }
    return () => undefined
  })

/** The value that is there, or `value`, which is there from now on: of several at once, one wins. */
export const findOrPut = (
  place: Place,
  store: string,
  { key, value }: { key: string; value: unknown },
): Promise<unknown> =>
  inTransaction(place, { store, mode: 'readwrite' }, (objects) => {
    const found = objects.get(key)
    found.addEventListener('success', () => {
      if (found.result === undefined) objects.put(value, key)
    })
    return () => found.result ?? value
  })

/** `work` starts requests and answers what they came to; it is asked when the transaction has ended well. */
async function inTransaction<Result>(
  place: Place,
  { store, mode }: { store: string; mode: 'readonly' | 'readwrite' },
  work: (objects: ObjectStore) => () => Result,
): Promise<Result> {
  const connection = await connect(place)
  try {
    return await new Promise<Result>((resolve, reject) => {
      const transaction = connection.transaction([store], mode)
      const answer = work(transaction.objectStore(store))
      transaction.addEventListener('complete', () => resolve(answer()))
      transaction.addEventListener('abort', () => reject(asError(transaction.error)))
    })
  } finally {
    connection.close()
  }
}

const connect = ({ factory, name, stores }: Place): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const request = factory.open(name, 1)
    request.addEventListener('upgradeneeded', () => {
      for (const store of stores) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store)
      }
    })
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(asError(request.error)))
  })

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error('the database of this device failed', { cause: error })
