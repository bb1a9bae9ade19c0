import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import { base32 } from '@scure/base'
import Koa from 'koa'
import { listen } from './listen.ts'
import { openPool } from './pool.ts'

// What an API of signed requests cannot do without: Ed25519 over the SHA-256 of the target, by node:crypto with keys that it
// has met before, and one SELECT, prepared. The key is the account's own.
const pool = openPool()
const select = 'select value from peer.settings where account = $1 and key = $2'
const keys = new Map<string, KeyObject>()
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

const app = new Koa()
app.use(async (ctx) => {
  const { keyId = '', signature = '' } = paramsOf(ctx.get('signature'))
  const text = `(request-target): ${ctx.method.toLowerCase()} ${ctx.req.url ?? ''}`
  const message = hash('sha256', text, 'buffer')
  if (!verify(null, message, keyOf(keyId), Buffer.from(signature, 'base64'))) return ctx.throw(401)
  const [, , account, , key] = ctx.path.split('/')
  if (account !== keyId) return ctx.throw(401)
  const { rows } = await pool.query<{ value: unknown }>({ name: 'select', text: select, values: [account, key] })
  const [row] = rows
  if (!row) return ctx.throw(404)
  ctx.body = {
    data: { id: `${account}:${key ?? ''}`, type: 'identity_settings', attributes: { key, value: row.value } },
  }
})
listen(app)

const paramsOf = (header: string): { keyId?: string; signature?: string } =>
  Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))

function keyOf(name: string): KeyObject {
  const known = keys.get(name)
  if (known) return known
  const raw = base32.decode(name).subarray(1, 33)
  const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' })
  keys.set(name, key)
  return key
}
