import { text } from 'node:stream/consumers'
import Koa from 'koa'
import { listen } from './listen.ts'
import { openPool } from './pool.ts'

// Reads the body, as a hook must, and one SELECT, prepared; where it is told to keep a record, then one INSERT too, which
// waits for the disk.
const keepsRecord = process.env['PEER_RECORD'] === 'kept'
const pool = openPool()
const select = 'select secret from peer.keys where id = $1'
const insert = 'insert into peer.events (event, subject) values ($1, $2)'

const app = new Koa()
app.use(async (ctx) => {
  const { setup } = JSON.parse(await text(ctx.req)) as { setup: { key_id: string[] } }
  const [id] = setup.key_id
  const { rows } = await pool.query({ name: 'select', text: select, values: [id] })
  if (rows.length === 0) return ctx.throw(404)
  if (keepsRecord) await pool.query({ name: 'insert', text: insert, values: ['approved', id] })
  ctx.type = 'json'
  ctx.body = '"ok"'
})
listen(app)
