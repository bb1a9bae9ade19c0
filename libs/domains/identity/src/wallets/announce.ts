import { randomUuid, type RandomSource } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { addJobs } from '@strongroom/jobs'
import { column, sql, type Statements } from '@strongroom/storage'
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

/** Of one kind, for one wallet: whoever causes it again and again mails nobody more. */
const MOST_A_DAY = 20

const counted = z.object({ queued: column.count })

/**
 * In the transaction in which it happened. False where the wallet's people were told of the like often enough today, or never
 * verified that the address is theirs: whoever makes a wallet with somebody else's would have us mail them.
 */
export const queueMessage = async (
  tx: Statements,
  walletId: string,
  { id, kind, contents }: PreparedMessage,
): Promise<boolean> => {
  const { queued } = await tx.one(
    counted,
    sql`
    with queued as (
      insert into identity.messages (id, wallet_id, kind, contents)
      select ${id}::uuid, w.id, ${kind}::text, ${contents}::bytea from identity.wallets w
       where w.id = ${walletId} and (w.verified or ${kind}::text = 'verify-address')
         and (select count(*) from identity.messages m
               where m.wallet_id = w.id and m.kind = ${kind}::text and m.created_at > strongroom.now() - interval '1 day') < ${MOST_A_DAY}
      returning id
    )
    select ${addJobs(deliverMessage, { from: sql`queued`, payload: sql`json_build_object('messageId', id)` })} as queued`,
  )
  return queued === 1
}

/** For whoever reads an address, wallet or not: the caller has taken the mail. */
export const queueToAddress = (tx: Statements, { id, kind, contents }: PreparedMessage): Promise<number> =>
  tx.run(sql`
    with queued as (
      insert into identity.messages (id, kind, contents) values (${id}, ${kind}, ${contents}) returning id
    )
    select ${addJobs(deliverMessage, { from: sql`queued`, payload: sql`json_build_object('messageId', id)` })}`)

export const openMessage = async (
  hsm: Keystore,
  { id, kind, contents }: PreparedMessage,
): Promise<z.output<typeof Filling>> => Filling.parse(await openJson(hsm, bindingOf(id, kind), contents))
