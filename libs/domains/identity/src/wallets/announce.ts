import { randomUuid, type RandomSource } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { addJobs } from '@strongroom/jobs'
import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { deliverMessage } from '../jobs.ts'
import type { MessageKind } from './messages.ts'
import { openJson, sealJson } from './names.ts'

const Filling = z.object({ to: z.string(), link: z.string() })

const bindingOf = (id: string, kind: MessageKind) => ({
  table: 'identity.messages',
  row: id,
  owner: kind,
  purpose: 'message',
})

/** A message whose address is sealed already: a transaction has but to queue it. */
export interface PreparedMessage {
  readonly id: string
  readonly kind: MessageKind
  readonly contents: Uint8Array
}

export async function prepareMessage(
  { hsm, random }: { hsm: Keystore; random: RandomSource },
  { kind, to, link = '' }: { kind: MessageKind; to: string; link?: string },
): Promise<PreparedMessage> {
  const id = randomUuid(random)
  return { id, kind, contents: await sealJson(hsm, bindingOf(id, kind), { to, link }) }
}

/** In the transaction in which it happened. */
export const queueMessage = (
  tx: Statements,
  walletId: string,
  { id, kind, contents }: PreparedMessage,
): Promise<number> =>
  tx.run(sql`
    with queued as (
      insert into identity.messages (id, wallet_id, kind, contents) values (${id}, ${walletId}, ${kind}, ${contents})
      returning id
    )
    select ${addJobs(deliverMessage, { from: sql`queued`, payload: sql`json_build_object('messageId', id)` })}`)

export const openMessage = async (
  hsm: Keystore,
  { id, kind, contents }: PreparedMessage,
): Promise<z.output<typeof Filling>> => Filling.parse(await openJson(hsm, bindingOf(id, kind), contents))
