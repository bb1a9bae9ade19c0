import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import Koa from 'koa'
import { listen } from './listen.ts'
import { openPool } from './pool.ts'

// The shape of the original: read the record, add one, write it back, hash the PIN with scrypt (N=16384, r=8, p=1,
// Node's defaults), forget the attempts. Nothing holds the record meanwhile.
const pool = openPool()
const derive = promisify<string, string, number, Buffer>(scrypt)

const app = new Koa()
app.use(async (ctx) => {
  const id = ctx.path.slice('/v2/key/'.length)
  const pin = Buffer.from(ctx.get('authorization').slice('Basic '.length), 'base64').toString('utf8').split(':')[1]
  const { rows } = await pool.query<{ tries: number; secret: string; salt: string; hash: string }>({
    name: 'read',
    text: 'select tries, secret, salt, hash from peer.keys where id = $1',
    values: [id],
  })
  const [record] = rows
  if (!record) return ctx.throw(404)
  const count = { name: 'write', text: 'update peer.keys set tries = $2 where id = $1' }
  await pool.query({ ...count, values: [id, record.tries + 1] })
  const hash = (await derive(pin ?? '', record.salt, 32)).toString('base64')
  if (hash !== record.hash) return ctx.throw(404)
  await pool.query({ ...count, values: [id, 0] })
  ctx.body = { id, encryptionKey: record.secret }
})
listen(app)
