import { randomDigits, type RandomSource, randomUuid } from '@strongroom/crypto'
import { implement, reply } from '@strongroom/http'
import type { Policies } from '../policies.ts'
import { createSession, tooManySessions } from './contract.ts'
import type { SessionStore } from './store.ts'

export interface RelayDeps {
  readonly sessions: SessionStore
  readonly policies: Policies
}

export interface CreationDeps extends RelayDeps {
  readonly random: RandomSource
}

const DIGITS = 8
/** With 5,000 of 100 million codes taken, twenty draws in a row fail for one session in 10^86. */
const DRAWS = 20

export const create = implement<CreationDeps>()(createSession, async ({ body, ip }, deps) => {
  const { sessions, policies, random } = deps
  if (!(await sessions.hit(`create/${ip}`, policies.creations))) return tooManySessions()
  const room = { most: policies.live, lifetime: policies.pendingFor }
  for (let draws = 0; draws < DRAWS; draws++) {
    const drawn = { id: randomUuid(random), shortCode: randomDigits(DIGITS, random) }
    const outcome = await sessions.create({ ...drawn, ...body }, room)
    if (outcome === 'full') return tooManySessions()
    if (outcome === 'code-taken') continue
    return reply(200, { sessionId: drawn.id, shortCode: drawn.shortCode, expiresInSeconds: room.lifetime })
  }
  throw new Error('the random source gives the same codes again and again')
})
