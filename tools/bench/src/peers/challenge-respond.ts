import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { text } from 'node:stream/consumers'
import Koa from 'koa'
import { listen } from './listen.ts'
import { openPool } from './pool.ts'

// What a sign-in by a device's key cannot do without: a challenge that is kept, taken away once, and ECDSA over P-256 by
// node:crypto. Two statements, prepared, that wait for the disk.
const pool = openPool()
const keep = 'insert into peer.challenges (challenge, public_key) values ($1, $2)'
const take = 'delete from peer.challenges where challenge = $1 returning public_key'

interface Asked {
  readonly publicKey: string
  readonly challengeData: string
  readonly deviceKey: { readonly signature: string }
}

const app = new Koa()
app.use(async (ctx) => {
  const asked = JSON.parse(await text(ctx.req)) as Asked
  if (!ctx.path.endsWith('/respond')) {
    const challengeData = randomBytes(32).toString('hex')
    await pool.query({ name: 'keep', text: keep, values: [challengeData, asked.publicKey] })
    ctx.body = { challengeData }
    return
  }
  const { challengeData, deviceKey } = asked
  const { rows } = await pool.query<{ public_key: string }>({ name: 'take', text: take, values: [challengeData] })
  const signature = Buffer.from(deviceKey.signature, 'hex')
  const key = { key: keyOf(rows[0]?.public_key ?? ''), dsaEncoding: 'ieee-p1363' } as const
  if (!verify('sha256', Buffer.from(challengeData), key, signature)) return ctx.throw(401)
  ctx.body = { credentials: { accessToken: 'a', refreshToken: 'b' } }
})
listen(app)

function keyOf(hex: string) {
  const bytes = Buffer.from(hex, 'hex')
  const [x, y] = [bytes.subarray(0, 32), bytes.subarray(32)].map((part) => part.toString('base64url'))
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, format: 'jwk' })
}
