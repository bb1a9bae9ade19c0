import { endpoint, implement, listener, mount, problems, refusal, reply } from '@strongroom/http'
import { z } from 'zod'

const tooHot = refusal({ kind: 'too-hot', status: 409, title: 'Too hot.' })
const body = z.object({ degrees: z.int() })
const reply201 = { 201: z.object({ cup: z.string() }) }
const brew = endpoint({ method: 'POST', path: '/tea', summary: 'Brew.', body, reply: reply201, refusals: [tooHot] })
const handler = implement<{ cup: string }>()(brew, async ({ body: { degrees } }, { cup }) =>
  degrees > 100 ? tooHot() : reply(201, { cup }),
)
listener({ mounts: [mount({ dialect: problems, handlers: [handler], deps: { cup: 'a' } })] }).listen(8080)
