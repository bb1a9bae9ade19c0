import { implement, Refusal, reply } from '@strongroom/http'
import { type Known, type LoginDeps, nameCaller } from '../accounts/caller.ts'
import { chainOf, type ChainDeps } from '../accounts/chain-of.ts'
import { canStandOn } from '../accounts/deploy.ts'
import { countKeys, findKeys, insertKey } from '../accounts/keys-store.ts'
import { type Owner, stampOf } from '../accounts/names.ts'
import { isOneKey } from '../accounts/new-key.ts'
import { renewKey } from '../accounts/renew-keys.ts'
import type { MakingDeps } from '../passkeys/judge-making.ts'
import { type WaitingKey, waitingKey } from '../passkeys/waiting-key.ts'
import type { Policies } from '../policies.ts'
import { invalidRequest, noDestinationDevice, pleaseSignUp, tooManyRequests } from '../refusals.ts'
import type { UserKey } from '../shapes.ts'
import { askerView } from './asker-view.ts'
import { secondsAsking } from './asking-store.ts'
import { beginTwoFactor } from './contract.ts'
import { chooseDestination } from './destination.ts'
import { messageOf } from './message.ts'
import { readAsked, requestFacts, requestView, sealAsker } from './request.ts'
import type { RequestTokens } from './request-tokens.ts'
import { additionOf, isSignerOf, type Standing, standingOn } from './standing.ts'
import { countRecent, drawEnd, findRequest, insertRequest, type NewRequest } from './store.ts'
import { tellOfRequest } from './tell.ts'

export interface TwoFactorDeps extends LoginDeps, ChainDeps, MakingDeps {
  readonly policies: Policies
  readonly requestTokens: RequestTokens
  readonly newId: () => string
}

/** Of one account: a device that buzzes without end gets its owner to say yes. */
const PER_HOUR = 10
const HOUR = 3600

export const begin = implement<TwoFactorDeps>()(beginTwoFactor, async ({ proof: app, body, ip }, deps) => {
  const { database, requestTokens } = deps
  const { request, userKey } = body
  const chain = chainOf(deps, request.chainName)
  if (chain instanceof Refusal) return chain
  if (!isOneKey(userKey) || !canStandOn(chain, [{ kind: userKey.type }])) return invalidRequest()
  const caller = await nameCaller(deps, { app, ip }, request)
  if (caller instanceof Refusal) return caller
  const { account } = caller
  if (!account || account.state === 'closed') return pleaseSignUp()
  const standing = await standingOn(deps, account, chain)
  if (standing instanceof Refusal) return standing
  const asked = await ask(deps, account, { standing, caller, userKey, ip })
  if (asked instanceof Refusal) return asked
  const row = await findRequest(database, { id: asked, accountId: account.id })
  const read = row && (await readAsked(deps, account, row))
  if (!row || !read) throw new Error('a two-factor request was neither made nor refused')
  const twoFactorAuth = askerView(await requestView(deps, account, read))
  const of = { accountId: account.id, appId: app.id, requestId: row.id }
  return reply(200, { twoFactorAuth, ephemeralAccessToken: await requestTokens.issue(of) })
})

interface Wish {
  readonly standing: Standing
  readonly caller: Known
  readonly userKey: UserKey
  readonly ip: string
}

/** Writes the request down and has the other devices told, or refuses. Answers its id. */
async function ask(deps: TwoFactorDeps, owner: Owner, { standing, caller, userKey, ip }: Wish) {
  const { database, hsm, policies, newId } = deps
  const dest = await chooseDestination(hsm, owner, await findKeys(database.reading, owner.id))
  if (!dest) return noDestinationDevice()
  const source = await waitingKey(deps, owner, userKey)
  if (source instanceof Refusal) return source
  // It would be let in by whatever was sent: the chain has it, and knows nothing of who asks now.
  if (!('isNew' in source) && (await isSignerOf(standing, source.key, policies))) return invalidRequest()
  const { chainName } = standing.row
  const addition = additionOf(source.key, policies)
  const message = await messageOf(standing, addition, policies.ephemeralLifetime)
  if (message instanceof Refusal) return message
  const id = newId()
  const expiresAt = await drawEnd(database.reading, policies.twoFactorLifetime)
  const [asker, stamp] = await Promise.all([
    sealAsker(hsm, owner, { id, asker: { email: caller.login.email ?? null, ip } }),
    stampOf(hsm, owner, requestFacts({ id, chainName, message, expiresAt }, source.key)),
  ])
  return write(deps, source, {
    id,
    accountId: owner.id,
    appId: owner.appId,
    chainName,
    asker,
    stamp,
    sourceKeyId: source.key.id,
    destKeyId: dest.id,
    message,
    expiresAt,
  })
}

/** Those who ask for one account queue up at it, so that no number of them passes a bound. */
function write({ database, policies }: TwoFactorDeps, source: WaitingKey, row: NewRequest) {
  return database.transaction(async (tx) => {
    const keys = await countKeys(tx, row.accountId)
    const recent = await countRecent(tx, row.accountId)
    if (recent.count >= PER_HOUR) return tooManyRequests({ retryAfter: HOUR })
    // Public keys are public: whoever has the login would end the request of another’s device, and wait in its place.
    const waits = await secondsAsking(tx, row.sourceKeyId)
    if (waits !== undefined) return tooManyRequests({ retryAfter: waits })
    if ('isNew' in source) {
      if (keys >= policies.keys) return tooManyRequests({ retryAfter: HOUR })
      // The same device asked twice at once.
      if (!(await insertKey(tx, source.key))) return tooManyRequests({ retryAfter: 1 })
    } else if (!(await renewKey(tx, source.key.id))) {
      // Forgotten, or let in, since it was found: asked again, it is found as it is.
      return tooManyRequests({ retryAfter: 1 })
    }
    await insertRequest(tx, row)
    await tellOfRequest(tx, { requestId: row.id, accountId: row.accountId })
    return row.id
  })
}
