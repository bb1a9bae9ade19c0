import { keystoreOn } from '../keystore-on-executor.ts'
import type { KeystoreOptions, SeveralTokensOptions, TokenOptions } from '../keystore-options.ts'
import type { Keystore } from '../keystore.ts'
import { openExecutor } from '../open-executor.ts'
import { completing } from './complete-recipients.ts'
import { epochsOn } from './epochs.ts'
import { isAway, Member } from './member.ts'
import { oneClass, refuseRing } from './refuse-ring.ts'
import { Ring } from './ring.ts'
import { severalKeystore } from './several-keystore.ts'
import { recordsOf, refuseUnequalRecords } from './token-records.ts'

/** One token, which must be there. What concerns recipients is the same as with several. */
export async function openOne(options: KeystoreOptions): Promise<Keystore> {
  const { tokenLabel: label, log = () => undefined, random = Math.random } = options
  const keys = recordsOf(options.keys, { label, first: label })
  const executor = await openExecutor({ ...options, keys })
  const member = new Member({ label, open: () => Promise.resolve(executor), accept: () => undefined, log, random })
  await member.join()
  const ring = new Ring([member], 1)
  return { ...keystoreOn(executor), ...completing(ring), ...epochsOn(ring), tokens: () => [member.standing] }
}

/** Starts with those that are there, if they are enough. What a token refuses, the start refuses. */
export async function openSeveral({ tokens, minRecipients = 1, ...options }: SeveralTokensOptions): Promise<Keystore> {
  const [first, ...others] = tokens
  refuseRing(tokens, minRecipients)
  if (first === undefined || others.length === 0) return openOne({ ...options, ...first } as KeystoreOptions)
  refuseUnequalRecords(
    options.keys,
    tokens.map(({ tokenLabel }) => tokenLabel),
  )
  const accept = oneClass()
  const memberOf = (token: TokenOptions) => newMember(token, { ...options, first: first.tokenLabel, accept })
  const members = [memberOf(first), ...others.map(memberOf)] as const
  const ring = new Ring(members, minRecipients)
  try {
    await joinAll(ring)
  } catch (error) {
    await Promise.allSettled(members.map((member) => member.close()))
    throw error
  }
  const { deployment, app } = first
  return severalKeystore(ring, { deployment, app })
}

type MemberWish = Omit<SeveralTokensOptions, 'tokens'> & { first: string; accept: ReturnType<typeof oneClass> }

function newMember(token: TokenOptions, { first, accept, ...options }: MemberWish): Member {
  const { tokenLabel: label } = token
  const { log: tell = () => undefined, random = Math.random } = options
  const log: typeof tell = (event, reason) => tell(event, `${label}: ${reason}`)
  const keys = recordsOf(options.keys, { label, first })
  return new Member({ label, open: () => openExecutor({ ...options, ...token, keys, log }), accept, log, random })
}

async function joinAll(ring: Ring): Promise<void> {
  const outcomes = await Promise.all(ring.members.map((member) => outcomeOf(member)))
  const failures = outcomes.filter((outcome) => outcome !== undefined)
  const refusal = failures.find(({ error }) => !isAway(error))
  if (refusal !== undefined) throw refusal.error
  if (failures.length === ring.members.length) throw failures[0]?.error
  ring.assertHeldBy(ring.members.length - failures.length)
  for (const { member, error } of failures) member.keepTrying(error instanceof Error ? error.message : 'away')
}

async function outcomeOf(member: Member): Promise<{ member: Member; error: unknown } | undefined> {
  try {
    await member.join()
    return undefined
  } catch (error) {
    return { member, error }
  }
}
