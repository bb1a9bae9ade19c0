import { drawCode } from '@strongroom/codes'
import { fromUtf8, toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { perform } from '@strongroom/jobs'
import { type Sender, Undeliverable } from '@strongroom/notify'
import { column, type Database, sql } from '@strongroom/storage'
import { z } from 'zod'
import { sendFactorCode } from '../jobs.ts'
import type { Policies } from '../policies.ts'
import { codeMessage } from '../wallets/messages.ts'
import type { Messenger } from '../wallets/messenger.ts'
import { factorTypes } from '../wallets/store.ts'
import { openDelivery } from './tokens.ts'

export interface CodeDeliveryDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly sender: Sender
  readonly policies: Policies
  readonly messenger?: Messenger
}

const MINUTE = 60
const row = z.object({
  id: z.uuid(),
  walletId: z.uuid(),
  ref: z.uuid(),
  request: column.bytes,
  address: column.bytes,
  type: z.enum(factorTypes),
})

/** A job that runs again draws again: what it sent before is dead. */
export const codeDeliverer = perform<CodeDeliveryDeps>()(
  sendFactorCode,
  async ({ codeId, tokenId }, { database, hsm, sender, policies, messenger }) => {
    const token = await database.maybe(
      row,
      sql`select t.id, t.wallet_id as "walletId", f.ref, t.request, t.address, f.type
            from identity.factor_tokens t join identity.factors f on f.id = t.factor_id
           where t.id = ${tokenId} and t.address is not null and t.proof is null and t.expires_at > strongroom.now()`,
    )
    if (!token) return
    const { codes } = policies.factors
    const drawn = await drawCode({ database, hsm }, codes, codeId)
    // A job that names another's code has it sent nowhere.
    if (drawn?.subject !== token.ref || drawn.purpose !== toHex(token.request)) return
    const { to, about = '' } = await openDelivery(hsm, token, token.address)
    const words = codeMessage.render({
      code: fromUtf8(drawn.code.expose()),
      minutes: Math.floor(codes.lifetime / MINUTE),
      about,
    })
    try {
      if (token.type === 'telegram') await messenger?.send({ id: codeId, to, text: words.text })
      else await sender.send({ id: codeId, channel: token.type === 'phone' ? 'sms' : 'email', to, ...words })
    } catch (error) {
      // Refused for good: whoever waits asks again.
      if (!(error instanceof Undeliverable)) throw error
    }
  },
)
