import { createRequire } from 'node:module'

export interface Connection {
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
  end(): Promise<void>
}

interface Client {
  on(event: 'error', listener: () => void): void
  connect(): Promise<void>
  query(text: string, values?: readonly unknown[]): Promise<{ rows: unknown[] }>
  end(): Promise<void>
}

const { Client } = createRequire(import.meta.url)('pg') as {
  Client: new (options: { connectionString: string }) => Client
}

/** One connection, for the few statements that make databases and roles. Close it. */
export async function connect(url: string): Promise<Connection> {
  const client = new Client({ connectionString: url })
  // Without a listener a server that stops ends our process.
  client.on('error', () => undefined)
  await client.connect()
  return {
    query: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await client.query(text, values)).rows as Row[],
    end: () => client.end(),
  }
}

/** A name that may stand in SQL as it is. For names that we make ourselves: it refuses what would need thought. */
export function identifier(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new Error(`not a plain SQL name: ${name}`)
  return name
}
