import { endpoint, type Handler, implement, refusal, reply } from '@strongroom/http'
import type { Keystore } from '@strongroom/hsm'
import { type Database, sql } from '@strongroom/storage'
import { z } from 'zod'

const Part = z.enum(['ok', 'failing'])
const Token = z.object({
  label: z.string(),
  state: z.enum(['healthy', 'away', 'refused']),
  /** Of a token that keeps no epoch. */
  rollback: z.literal('unnoticed').optional(),
})
const notReady = refusal({
  kind: 'not-ready',
  status: 503,
  title: 'Not ready.',
  details: { database: Part, token: Part, tokens: z.array(Token), draining: z.boolean() },
})

const ready = {
  200: z.object({
    status: z.literal('ok'),
    database: Part,
    token: Part,
    model: z.string(),
    software: z.boolean(),
    tokens: z.array(Token),
  }),
}

export const live = endpoint({
  method: 'GET',
  path: '/health/live',
  summary: 'The process runs.',
  reply: { 200: z.object({ status: z.literal('ok') }) },
  refusals: [],
})
export const readiness = endpoint({
  method: 'GET',
  path: '/health/ready',
  summary: 'The database answers, and as many tokens as must hold a value.',
  reply: ready,
  refusals: [notReady],
})
export const healthz = endpoint({ ...readiness, path: '/healthz', summary: 'The same, where tools expect it.' })

export interface HealthDeps {
  readonly database: Database
  readonly hsm: Keystore
  /** Labels of the tokens by which an old database is not noticed. */
  readonly unnoticing: readonly string[]
  readonly isDraining: () => boolean
}

const works = async (probe: Promise<unknown>) => {
  try {
    await probe
    return 'ok' as const
  } catch {
    return 'failing' as const
  }
}

const answerReady = async (_request: unknown, { database, hsm, unnoticing, isDraining }: HealthDeps) => {
  const [databaseWorks, token] = await Promise.all([works(database.reading.run(sql`select 1`)), works(hsm.check())])
  const draining = isDraining()
  const tokens = hsm.tokens().map(({ label, state }) => ({
    label,
    state,
    ...(unnoticing.includes(label) && { rollback: 'unnoticed' as const }),
  }))
  if (databaseWorks === 'failing' || token === 'failing' || draining)
    return notReady({ database: databaseWorks, token, tokens, draining })
  const { model, software } = hsm.describe()
  return reply(200, { status: 'ok' as const, database: databaseWorks, token, model, software, tokens })
}

export const healthHandlers: readonly Handler<HealthDeps>[] = [
  implement<HealthDeps>()(live, async () => reply(200, { status: 'ok' as const })),
  implement<HealthDeps>()(readiness, answerReady),
  implement<HealthDeps>()(healthz, answerReady),
]
