import { recordEvent } from '@strongroom/audit'
import { requestCode } from '@strongroom/codes'
import { enqueue } from '@strongroom/jobs'
import { type SendAsked, takeSend } from '@strongroom/notify'
import type { Refusal } from '@strongroom/http'
import type { Tx } from '@strongroom/storage'
import { sendCode } from '../jobs.ts'
import { limitedUntil } from '../pins/answers.ts'
import type { Policies } from '../policies.ts'
import { codeRequested } from './events.ts'

export type CodePurpose = 'verify' | 'reset-pin'

/** Asks for a code for a user, and for the message that carries it; a refusal rolls the caller's transaction back. */
export async function askForCode(
  tx: Tx,
  { codes }: Policies,
  wish: { keyId: string; userId: string; subject: string; purpose: CodePurpose; send: SendAsked },
): Promise<Refusal<'rate-limited'> | undefined> {
  const { keyId, userId, subject, purpose, send } = wish
  const requested = await requestCode(tx, codes, { subject, group: keyId, purpose })
  if ('refusedUntil' in requested) return limitedUntil(requested.refusedUntil)
  const { codeId } = requested
  await enqueue(tx, sendCode, { codeId, userId })
  await recordEvent(tx, codeRequested, { subject: keyId, detail: { user: userId, code: codeId, purpose } })
  // Last: it holds the row that everybody who sends on the channel takes from.
  const taken = await takeSend(tx, send)
  return taken.taken ? undefined : limitedUntil(taken.until)
}
