import { HsmRefusal, HsmUnavailable } from '../errors.ts'
import type { Keystore, TokenEpoch } from '../keystore.ts'
import { readEpoch } from '../operations/epoch.ts'
import type { TokenLink } from '../token-link.ts'
import type { Member } from './member.ts'
import type { Ring } from './ring.ts'

export const epochsOn = (ring: Ring): Pick<Keystore, 'epochs' | 'raiseEpochs'> => ({
  epochs: () => askHealthy(ring, (member) => member.run('readEpoch', {})),
  async raiseEpochs(to) {
    if (!Number.isSafeInteger(to) || to < 1) throw new HsmRefusal('input-refused', 'an epoch is a whole number above 0')
    return askHealthy(ring, (member) => member.run('raiseEpoch', { to }))
  },
})

/** Those that are away meanwhile are left out. Throws `HsmUnavailable` where none answers. */
async function askHealthy(
  ring: Ring,
  ask: (member: Member) => Promise<number | undefined>,
): Promise<readonly TokenEpoch[]> {
  ring.assertAvailable()
  const outcomes = await Promise.allSettled(ring.healthy.map(async (member) => toldBy(member, await ask(member))))
  const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  const worst = failures.find((error) => !(error instanceof HsmUnavailable))
  if (worst !== undefined) throw worst
  if (answers.length === 0) throw failures[0] ?? new HsmUnavailable('no token answers')
  return answers
}

const toldBy = ({ label }: Member, number: number | undefined): TokenEpoch => ({
  label,
  ...(number !== undefined && { number }),
})

/** The same of one token, before keys are made on it. Without an epoch nothing is compared. */
export function refuseNewerMark({ context, description }: TokenLink, epoch: number | undefined): void {
  if (epoch === undefined) return
  const number = readEpoch(context, {})
  refuseRolledBack(epoch, [{ label: description.label, ...(number !== undefined && { number }) }])
}

/** Throws `HsmRefusal` where a token was raised further than the database says. */
export function refuseRolledBack(database: number, tokens: readonly TokenEpoch[]): void {
  const ahead = tokens.find(({ number = 0 }) => number > database)
  if (ahead === undefined) return
  const found = `the database is at epoch ${String(database)} and the token "${ahead.label}" at ${String(ahead.number)}`
  const meaning = 'it was restored from an older copy, or is new: counters, PINs and deletions are as they were then'
  const remedy = 'see what was lost since, then run accept-restore and start again'
  throw new HsmRefusal('database-behind', `${found}: ${meaning}; ${remedy}`)
}
