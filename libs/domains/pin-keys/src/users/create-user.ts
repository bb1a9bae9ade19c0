import { recordEvent } from '@strongroom/audit'
import { openBudget } from '@strongroom/guesses'
import { implement, Refusal, reply } from '@strongroom/http'
import { limitedUntil } from '../pins/answers.ts'
import { invalidParams } from '../pins/contract.ts'
import { guessPin, type PinDeps } from '../pins/guess-pin.ts'
import { holdEpoch } from '../pins/store.ts'
import { announce, findChangeLimit } from './announce.ts'
import { createUser, userExists } from './contract.ts'
import { userAdded } from './events.ts'
import { type Caps, countSend, nameUser, sealContact } from './identify.ts'
import { askForCode } from './request-code.ts'
import { copyKey, type Recovery } from './recovery-copy.ts'
import { holdUser, insertCopy, insertUser } from './store.ts'

export interface UserDeps extends PinDeps {
  readonly caps: Caps
  readonly recovery: Recovery
  /** UUID, version 4. */
  readonly newUserId: () => string
}

const added = reply(201, { message: 'Success' } as const)

export const create = implement<UserDeps>()(
  createUser,
  async ({ params: { keyId }, proof: pin, body: { userId: address } }, deps) => {
    const { database, hsm, policies, caps, recovery } = deps
    const proved = await guessPin(deps, { keyId, pin, purpose: 'add-user' }, async ({ request, locked, pinEpoch }) => {
      const key = await hsm.openLockedKey(request, locked)
      return key && { key, pinEpoch }
    })
    if (proved instanceof Refusal) return proved

    const copy = await copyKey(hsm, recovery, { keyId, key: proved.key })
    proved.key.wipe()
    const [{ finders, known, subject }, send] = await Promise.all([
      nameUser(deps, keyId, address),
      countSend(hsm, address, caps),
    ])
    if (known?.verified) return userExists()
    const id = known?.id ?? deps.newUserId()
    const contact = await sealContact(hsm, { keyId, userId: id, subject }, address)

    return database.transaction(async (tx) => {
      if (!(await holdEpoch(tx, { keyId, pinEpoch: proved.pinEpoch }))) return invalidParams()
      const until = await findChangeLimit(tx, keyId)
      if (until) return limitedUntil(until)
      if (!known && (await insertUser(tx, { id, keyId, finders, channel: address.channel, contact }))) {
        await tx.run(openBudget(policies.codes.budget, subject))
        await announce(tx, { keyId, event: 'user-added' })
        await recordEvent(tx, userAdded, { subject: keyId, detail: { user: id, channel: address.channel } })
      }
      const user = await holdUser(tx, keyId, finders.all)
      // Of another name: somebody wrote it past us, or it was added a moment ago by another version of the MAC key.
      if (user?.subject !== subject || user.verified) return userExists()
      await insertCopy(tx, keyId, copy)
      return (await askForCode(tx, policies, { keyId, userId: user.id, subject, purpose: 'verify', send })) ?? added
    })
  },
)
