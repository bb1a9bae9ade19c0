import pg from 'pg'
import { asOutage } from './outage.ts'
import { openPipeline } from './pipeline.ts'
import { type Send, type Statements, statementsOver } from './statements.ts'

export type Tx = Statements

/** Each statement outside `transaction` is its own transaction, durable when its promise resolves. */
export interface Database extends Statements {
  /** One shared read-only connection, pipelined: for look-ups by key. A slow statement holds up those behind it. */
  readonly reading: Statements
  /**
   * One shared connection, pipelined, committed asynchronously: what a crash may lose. Only for giving something back
   * (losing it costs a guess, never grants one), for records of what was already decided, and for what its caller asks for
   * again where it is gone, as a challenge.
   */
  readonly relaxed: Statements
  /** Commits what `work` answers. Rolls back when it throws, and when it answers with a refusal. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly connectionString: string
  /** Connections in the pool. */
  readonly connections?: number
  /** Milliseconds after which the server gives a statement up. */
  readonly statementTimeout?: number
  /** Tells an expected refusal among the answers of `transaction`: it rolls back as a throw does. */
  readonly isRefusal?: (answer: unknown) => boolean
  /** Told of connections that broke while idle; without a listener such an error would end the process. */
  readonly onConnectionLost?: (error: Error) => void
}

const IDLE_IN_TRANSACTION = 10_000

export function openDatabase(options: DatabaseOptions): Database {
  const { connectionString, connections = 10, statementTimeout = 10_000 } = options
  const { isRefusal = () => false, onConnectionLost = () => undefined } = options
  const config = {
    connectionString,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    options: `-c jit=off -c statement_timeout=${String(statementTimeout)}`,
    types: { getTypeParser },
  }
  // A frozen process must not keep its locks; and what a role was altered to must not make charges less than durable.
  const durable = `${config.options} -c synchronous_commit=on -c idle_in_transaction_session_timeout=${String(IDLE_IN_TRANSACTION)}`
  const pool = new pg.Pool({ ...config, options: durable, max: connections })
  pool.on('error', onConnectionLost)
  pool.on('connect', (client) => client.on('error', onConnectionLost))
  const reading = openPipeline({ ...config, options: `${config.options} -c default_transaction_read_only=on` })
  const relaxed = openPipeline({ ...config, options: `${config.options} -c synchronous_commit=off` })

  return {
    ...statementsOver((query) => pool.query(query)),
    reading: statementsOver(reading.send),
    relaxed: statementsOver(relaxed.send),
    transaction: (work) => inTransaction(pool, work, isRefusal),
    async close() {
      await Promise.all([pool.end(), reading.close(), relaxed.close()])
    },
  }
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>, isRefusal: (answer: unknown) => boolean) {
  const client = await pool.connect().catch((error: unknown) => {
    throw asOutage(error)
  })
  const send: Send = (query) => client.query(query)
  let broken = false
  try {
    await client.query('begin')
    const answer = await work(statementsOver(send))
    await client.query(isRefusal(answer) ? 'rollback' : 'commit')
    return answer
  } catch (error) {
    await client.query('rollback').catch(() => (broken = true))
    throw asOutage(error)
  } finally {
    client.release(broken)
  }
}

const int8 = pg.types.builtins.INT8

/** `bigint` columns arrive as numbers while they fit exactly; ours count rows and guesses. */
const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid, format) => {
  if (oid !== int8 || format === 'binary') return pg.types.getTypeParser(oid, format)
  return (text: string) => {
    const value = Number(text)
    if (!Number.isSafeInteger(value)) throw new RangeError('a bigint column left the range of exact numbers')
    return value
  }
}
