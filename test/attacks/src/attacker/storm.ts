import { connect, type Connection } from './ask.ts'

export interface Storm<Work, Result> {
  work: readonly Work[]
  connections: number
  /** `index` is the place of this piece in `work`. */
  perform: (connection: Connection, piece: Work, index: number) => Promise<Result>
}

/** Shares the work out over so many connections at once; results keep the order of the work. */
export async function storm<Work, Result>({ work, connections, perform }: Storm<Work, Result>): Promise<Result[]> {
  const results: Result[] = []
  const queue = work.entries()
  const drain = async (): Promise<void> => {
    const connection = connect()
    try {
      for (const [index, piece] of queue) results[index] = await perform(connection, piece, index)
    } finally {
      connection.close()
    }
  }
  await Promise.all(Array.from({ length: connections }, drain))
  return results
}
