import pg from 'pg'

const { DATABASE_URL, DATABASE_CONNECTIONS } = process.env

/** As many connections as our server's pool has. */
export const openPool = (options = ''): pg.Pool =>
  new pg.Pool({ connectionString: DATABASE_URL, max: Number(DATABASE_CONNECTIONS), options: `-c jit=off ${options}` })
