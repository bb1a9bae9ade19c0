import type { Keystore } from '@strongroom/hsm'
import { takeSend } from '@strongroom/notify'
import type { Statements } from '@strongroom/storage'
import type { Policies } from '../policies.ts'
import { nameMailbox, namePhone } from '../wallets/names.ts'
import { takeMail } from '../wallets/verification-mail.ts'
import type { FactorType } from '../wallets/store.ts'

/** Country and first digits: what a range of premium numbers can earn is bounded. */
const PREFIX_LENGTH = 6

/** Takes the right to send one code. */
export type TakeCode = (tx: Statements, policies: Policies) => Promise<boolean>

/** Whom a code counts against: named before the transaction. Of Telegram, the limits on codes alone hold. */
export async function codeTaker(hsm: Keystore, type: FactorType, to: string): Promise<TakeCode> {
  if (type === 'telegram') return () => Promise.resolve(true)
  if (type !== 'phone') {
    const mailbox = await nameMailbox(hsm, to)
    return (tx, policies) => takeMail(tx, policies, mailbox)
  }
  const recipient = await namePhone(hsm, to)
  const prefix = to.slice(0, PREFIX_LENGTH)
  return async (tx, { smsPerDay }) => {
    const caps = {
      recipientPerDay: smsPerDay.recipient,
      prefixPerDay: smsPerDay.prefix,
      channelPerDay: smsPerDay.inAll,
    }
    return (await takeSend(tx, { channel: 'sms', caps, recipient, prefix })).taken
  }
}
