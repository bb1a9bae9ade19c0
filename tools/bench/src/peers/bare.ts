import Koa from 'koa'
import { listen } from './listen.ts'

// The least that Koa can do: one JSON answer, no router.
const app = new Koa()
app.use((ctx) => {
  ctx.body = { status: 'ok' }
})
listen(app)
