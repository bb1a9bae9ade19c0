import { createHash } from 'node:crypto'
import type { Keystore } from '@strongroom/hsm'
import { perform } from '@strongroom/jobs'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { sendEvent } from '../jobs.ts'
import { timestamp } from './caller.ts'
import { keyIdOf } from './event-key.ts'
import { EVENT_USE } from './names.ts'

export interface EventDeps {
  readonly database: Database
  readonly hsm: Keystore
  /** Where events go; none where nobody wants them. */
  readonly webhook: URL | undefined
}

/** The webhook did not take the event: it is tried again, with the same id. */
export class WebhookUnavailable extends Error {
  override readonly name = 'WebhookUnavailable'
  readonly retryAfterSeconds = 30
}

const eventRow = z.object({
  id: z.uuid(),
  userId: z.uuid(),
  type: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number()])),
  createdAt: column.instant,
})

const findEvent = (statements: Statements, eventId: string) =>
  statements.maybe(
    eventRow,
    sql`select id, user_id as "userId", type, detail, created_at as "createdAt"
          from key_shares.events where id = ${eventId} and sent_at is null and failed_at is null`,
  )

const DEADLINE_MS = 10_000
const components = ['@method', '@target-uri', 'content-type', 'content-digest'] as const

/** A POST that its receiver can check: Content-Digest (RFC 9530) and an HTTP message signature (RFC 9421) by the HSM. */
export async function signedRequest(
  { hsm }: Pick<EventDeps, 'hsm'>,
  { url, body, created }: { url: URL; body: string; created: number },
): Promise<Record<string, string>> {
  const keyId = keyIdOf(await hsm.publicKey(EVENT_USE))
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  const values = {
    '@method': 'POST',
    '@target-uri': url.href,
    'content-type': 'application/json',
    'content-digest': digest,
  }
  const names = components.map((one) => `"${one}"`).join(' ')
  const parameters = `(${names});created=${String(created)};keyid="${keyId}";alg="ecdsa-p256-sha256"`
  const lines = components.map((one) => `"${one}": ${values[one]}`)
  const base = [...lines, `"@signature-params": ${parameters}`].join('\n')
  const signature = await hsm.sign(EVENT_USE, Buffer.from(base))
  return {
    'Content-Type': values['content-type'],
    'Content-Digest': digest,
    'Signature-Input': `sig1=${parameters}`,
    Signature: `sig1=:${Buffer.from(signature).toString('base64')}:`,
  }
}

/** At least once; the receiver knows a repeated event by its id. A receiver that refuses for good is told no more. */
export const eventSender = perform<EventDeps>()(sendEvent, async ({ eventId }, { database, hsm, webhook }) => {
  const event = await findEvent(database, eventId)
  if (!event || !webhook) return
  const { id, userId, type, detail, createdAt } = event
  const body = JSON.stringify({ id, type, user_id: userId, created_at: timestamp(createdAt), ...detail })
  const created = Math.floor(Date.now() / 1000)
  const headers = await signedRequest({ hsm }, { url: webhook, body, created })
  const status = await post(webhook, { headers, body })
  const ended = status >= 400 ? sql`failed_at` : sql`sent_at`
  await database.run(sql`update key_shares.events set ${ended} = strongroom.now() where id = ${eventId}`)
})

/** @throws WebhookUnavailable for what may pass: no answer, 408, 429 and what begins with 5. */
async function post(url: URL, { headers, body }: { headers: Record<string, string>; body: string }): Promise<number> {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal }).catch(() => undefined)
  await answer?.body?.cancel()
  const status = answer?.status ?? 0
  if (status === 0 || status === 408 || status === 429 || status >= 500)
    throw new WebhookUnavailable(`HTTP ${String(status)}`)
  // A redirect is followed nowhere: it would take the event where nobody configured.
  return status >= 300 && status < 400 ? 400 : status
}

/** Three months after they were told, or could not be. */
export const purgeEvents = (statements: Statements): Promise<number> =>
  statements.run(sql`
    delete from key_shares.events
     where created_at < strongroom.now() - interval '90 days' and (sent_at is not null or failed_at is not null)`)
