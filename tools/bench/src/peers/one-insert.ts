import { randomBytes, randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import Koa from 'koa'
import { listen } from './listen.ts'
import { openPool } from './pool.ts'

// Reads the body as whoever creates from a PIN must, then one INSERT, prepared, that waits for the disk.
const pool = openPool()
const insert = 'insert into peer.keys (id, secret) values ($1, $2)'

const app = new Koa()
app.use(async (ctx) => {
  const { pin } = JSON.parse(await text(ctx.req)) as { pin: string }
  const id = randomUUID()
  await pool.query({ name: 'insert', text: insert, values: [id, `${pin}${randomBytes(32).toString('base64')}`] })
  ctx.status = 201
  ctx.body = { id }
})
listen(app)
