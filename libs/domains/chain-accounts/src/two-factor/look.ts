import { implement, Refusal, reply } from '@strongroom/http'
import { enqueue } from '@strongroom/jobs'
import { takeOf } from '../accounts/caller.ts'
import { findKeyById } from '../accounts/keys-store.ts'
import type { Owner } from '../accounts/names.ts'
import { findAccount } from '../accounts/store.ts'
import { noDestinationDevice, notFound, tooManyRequests } from '../refusals.ts'
import type { Caller, RequestCaller } from '../tokens/account-token.ts'
import type { TwoFactorDeps } from './begin.ts'
import { askerView } from './asker-view.ts'
import { lookAtTwoFactor, resendTwoFactor } from './contract.ts'
import { mayAnswer } from './destination.ts'
import { pushRequest } from './jobs.ts'
import { type Asked, overAs, readAsked, requestView } from './request.ts'
import { findRequest, redirectRequest } from './store.ts'

type LookDeps = Pick<TwoFactorDeps, 'database' | 'hsm' | 'requests'>

const MOST_SENDS = 5
const MINUTE = 60

/** Who waits sees its own request, a device those of its account; anybody else sees none. */
async function readOwn(deps: LookDeps, caller: Caller | RequestCaller, id: string) {
  const { database } = deps
  const { accountId } = caller
  const limited = await takeOf(deps.requests, caller)
  if (limited) return limited
  if ('requestId' in caller && caller.requestId !== id) return notFound()
  const row = await findRequest(database, { id, accountId })
  const account = await findAccount(database.reading, accountId)
  const asked = row && account && (await readAsked(deps, account, row))
  return asked ? { account, asked } : notFound()
}

interface Own {
  readonly account: Owner
  readonly asked: Asked
}

async function viewFor(deps: LookDeps, caller: Caller | RequestCaller, { account, asked }: Own) {
  const view = await requestView(deps, account, asked)
  return 'requestId' in caller ? askerView(view) : view
}

export const look = implement<LookDeps>()(lookAtTwoFactor, async ({ proof, params }, deps) => {
  const own = await readOwn(deps, proof, params.id)
  if (own instanceof Refusal) return own
  return reply(200, { twoFactorAuth: await viewFor(deps, proof, own) })
})

export const resend = implement<LookDeps>()(resendTwoFactor, async ({ proof, params, body }, deps) => {
  const { database, hsm } = deps
  const own = await readOwn(deps, proof, params.id)
  if (own instanceof Refusal) return own
  const { account, asked } = own
  const { id, state, sourceKeyId, accountId } = asked.row
  if (state !== 'pending') return overAs(state)
  const dest = await findKeyById(database.reading, body.destDeviceId)
  if (!dest || dest.id === sourceKeyId || !(await mayAnswer(hsm, account, dest))) return noDestinationDevice()
  const sent = await database.transaction(async (tx) => {
    const redirected = await redirectRequest(tx, { id, destKeyId: dest.id, most: MOST_SENDS })
    if (!redirected) return tooManyRequests({ retryAfter: MINUTE })
    await enqueue(tx, pushRequest, { requestId: id, accountId, keyId: dest.id })
    return undefined
  })
  if (sent) return sent
  const row = await findRequest(database, { id, accountId })
  if (!row) return notFound()
  return reply(200, { twoFactorAuth: await viewFor(deps, proof, { account, asked: { ...asked, row } }) })
})
