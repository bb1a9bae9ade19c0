import { text } from 'node:stream/consumers'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import Koa from 'koa'
import { listen } from './listen.ts'
import { openPool } from './pool.ts'

// What an API behind a login cannot do without: the token verified, by keys that were fetched once, and one SELECT,
// prepared. The token is in the body of a POST, else in the header.
const { PEER_ISSUER: issuer = '', PEER_AUDIENCE: audience = '', PEER_KEYS_URL: keysUrl = '' } = process.env
const keys = createRemoteJWKSet(new URL(keysUrl))
const pool = openPool()
const select = 'select secret from peer.keys where id = $1'

const app = new Koa()
app.use(async (ctx) => {
  const token = ctx.method === 'POST' ? await readToken(ctx) : ctx.get('authorization').slice('Bearer '.length)
  const { payload } = await jwtVerify(token, keys, { issuer, audience })
  const { rows } = await pool.query<{ secret: string }>({ name: 'select', text: select, values: [payload.sub] })
  const [row] = rows
  if (!row) return ctx.throw(404)
  ctx.body = { id: payload.sub, secret: row.secret }
})
listen(app)

async function readToken(ctx: Koa.Context): Promise<string> {
  const { authToken } = JSON.parse(await text(ctx.req)) as { authToken: string }
  return authToken
}
