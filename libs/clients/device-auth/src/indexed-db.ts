/** As much of IndexedDB 3.0 as a store of keys needs; the platform's own `indexedDB` fits. */
export interface DatabaseFactory {
  open(name: string, version: number): Request<Connection>
}

interface Request<Result> {
  readonly result: Result
  readonly error: unknown
  addEventListener(type: string, listener: () => void): void
}

interface Connection {
  createObjectStore(name: string): unknown
  transaction(name: string, mode: Mode): Transaction
  close(): void
}

interface Transaction {
  readonly error: unknown
  objectStore(name: string): Objects
  addEventListener(type: string, listener: () => void): void
}

export interface Objects {
  get(key: string): Request<unknown>
  put(value: unknown, key: string): unknown
  delete(key: string): unknown
}

type Mode = 'readonly' | 'readwrite'

const [DATABASE, STORE] = ['strongroom-device-keys', 'keys']

/** One transaction: `work` starts requests, and the function that it gives is asked for the answer once all is done. */
export async function withObjects<Answer>(
  databases: DatabaseFactory,
  mode: Mode,
  work: (objects: Objects) => () => Answer,
): Promise<Answer> {
  const connection = await connect(databases)
  try {
    return await new Promise((resolve, reject) => {
      const transaction = connection.transaction(STORE, mode)
      const answer = work(transaction.objectStore(STORE))
      transaction.addEventListener('complete', () => resolve(answer()))
      transaction.addEventListener('abort', () => reject(failure(transaction.error)))
    })
  } finally {
    connection.close()
  }
}

const connect = (databases: DatabaseFactory): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const request = databases.open(DATABASE, 1)
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE))
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(failure(request.error)))
  })

const failure = (cause: unknown) => new Error('the key store of this browser failed', { cause })
