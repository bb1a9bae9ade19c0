import Koa from 'koa'
import { listen } from './listen.ts'
import { openPool } from './pool.ts'

// Two UPDATEs and an INSERT in two commits, each one statement, prepared. The first commit waits for the disk; the
// second one too unless PEER_SECOND_COMMIT=off, which is what our own second commit does.
const durable = openPool()
const second = process.env['PEER_SECOND_COMMIT'] === 'off' ? openPool('-c synchronous_commit=off') : durable

const charge = `
  with charged as (update peer.keys set tries = tries + 1 where id = $1 returning id, secret), logged as (
    insert into peer.events (event, subject) select 'charged', id from charged)
  select secret from charged`
const settle = 'update peer.keys set tries = 0 where id = $1'

const app = new Koa()
app.use(async (ctx) => {
  const id = ctx.path.slice('/v2/key/'.length)
  const { rows } = await durable.query<{ secret: string }>({ name: 'charge', text: charge, values: [id] })
  await second.query({ name: 'settle', text: settle, values: [id] })
  ctx.body = { id, encryptionKey: rows[0]?.secret }
})
listen(app)
