import { recordEvent } from '@strongroom/audit'
import { fromHex } from '@strongroom/crypto'
import { implement, isOutage, type Limiter, Refusal, reply } from '@strongroom/http'
import { type PasskeyRules, verifyPasskey } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import type { z } from 'zod'
import { genuineAddresses } from '../accounts/addresses.ts'
import { findAddresses } from '../accounts/addresses-store.ts'
import { takeRequest } from '../accounts/caller.ts'
import { signatureRefused } from '../accounts/events.ts'
import { isGenuineKey, type KeyRow, passkeyOf } from '../accounts/key-row.ts'
import { markUsed, raiseSignCount } from '../accounts/keys-store.ts'
import type { Sessions } from '../accounts/sessions.ts'
import type { AccountRow } from '../accounts/store.ts'
import { accountAt, transactionView, type ViewDeps } from '../accounts/views.ts'
import type { ClientApp } from '../apps/contract.ts'
import { keyHex } from '../public-key.ts'
import {
  challengeExpired,
  challengeNotFound,
  forbidden,
  invalidSignature,
  pleaseDeploy,
  pleaseRegisterKey,
} from '../refusals.ts'
import { answers } from './begin-sign-in.ts'
import { digestOf, isSigned } from './challenge-data.ts'
import { finishSignIn } from './contract.ts'
import type { RecoveryDoor } from './recovery-door.ts'
import { returnChallenge, takeChallenge, type TakenChallenge } from './store.ts'

export interface FinishDeps extends ViewDeps {
  readonly database: Database
  readonly sessions: Sessions
  readonly recovery: RecoveryDoor
  /** `undefined` where no pages are configured: then no passkey is believed. */
  readonly passkeys: PasskeyRules | undefined
  /** Answers by the address that they come from, beside its logins. */
  readonly arrivals: Limiter
}

type Answer = z.output<typeof finishSignIn.body>

export const finish = implement<FinishDeps>()(finishSignIn, async ({ proof: app, body, ip }, deps) => {
  const { database, arrivals } = deps
  // A challenge that is looked for costs a statement, and whoever draws them by chance needs no login.
  const limited = await takeRequest(arrivals, `answers ${ip}`)
  if (limited) return limited
  const taken = await takeChallenge(database, digestOf(body.challengeData))
  if (taken?.appId !== app.id || taken.type !== body.challengeType) return challengeNotFound()
  if (taken.expired) return challengeExpired()
  const found = await whose(deps, taken).catch(async (error: unknown) => {
    // The token or the database went away before anything was compared; afterwards, nothing gives it back.
    if (isOutage(error)) await returnChallenge(database, digestOf(body.challengeData)).catch(() => 0)
    throw error
  })
  if (found instanceof Refusal) return found
  if (await isRight(deps, found.key, body)) return welcome(deps, { ...found, app, taken, body })
  const detail = { key: keyHex(found.key.publicKey) }
  await recordEvent(database, signatureRefused, { subject: found.account.id, detail })
  return invalidSignature()
})

/** The key that was asked, where it still answers. */
async function whose({ hsm }: FinishDeps, { account, key, type }: TakenChallenge) {
  const isTheirs = account.state !== 'closed' && key.accountId === account.id
  if (!isTheirs || !answers(key, type) || !(await isGenuineKey(hsm, account, key))) return pleaseRegisterKey()
  return { account, key }
}

const isRight = async ({ database, passkeys }: FinishDeps, key: KeyRow, body: Answer): Promise<boolean> =>
  body.challengeType === 'passKey'
    ? passkeys !== undefined && (await passkeyAnswers(database, passkeys, { key, body }))
    : isSigned(body.challengeData, { signature: signatureIn(body), publicKey: key.publicKey })

const signatureIn = (body: Exclude<Answer, { challengeType: 'passKey' }>): string =>
  body.challengeType === 'deviceKey' ? body.deviceKey.signature : body.recoveryKey.signature

async function passkeyAnswers(
  database: Database,
  rules: PasskeyRules,
  { key, body }: { key: KeyRow; body: Extract<Answer, { challengeType: 'passKey' }> },
): Promise<boolean> {
  const { id, signCount } = key
  const challenge = fromHex(body.challengeData)
  const passkey = { ...passkeyOf(key), signCount }
  const answered = await verifyPasskey(rules, { assertion: body.passKey, challenge, passkey })
  if (!answered) return false
  return raiseSignCount(database, { id, count: answered.signCount, backedUp: answered.backedUp })
}

interface Welcomed {
  readonly account: AccountRow
  readonly key: KeyRow
  readonly app: ClientApp
  readonly taken: TakenChallenge
  readonly body: Answer
}

async function welcome(deps: FinishDeps, { account, key, app, taken, body }: Welcomed) {
  const { database, hsm, sessions } = deps
  const { chainName, now } = taken
  const addresses = await genuineAddresses(hsm, account, await findAddresses(database.reading, account.id))
  const address = addresses.find((one) => one.chainName === chainName)
  if (address?.state !== 'active') return pleaseDeploy()
  const session = { accountId: account.id, appId: app.id, keyId: key.id, publicKey: key.publicKey, now }
  const credentials =
    body.challengeType === 'recoveryKey'
      ? await begunRecovery(deps, { account, app, recoveryKey: key, newKey: body.recoveryKey.newDeviceKey, chainName })
      : await sessions.open(session)
  if (credentials instanceof Refusal) return credentials
  const transaction = await transactionView(deps, address)
  return reply(200, { account: accountAt(deps, account, addresses), credentials, transaction })
}

async function begunRecovery(
  { database, recovery }: FinishDeps,
  begun: Parameters<RecoveryDoor['begin']>[0],
): ReturnType<RecoveryDoor['begin']> {
  const { account, recoveryKey } = begun
  if (!(await recovery.isOpen(account))) return forbidden()
  const credentials = await recovery.begin(begun)
  if (credentials instanceof Refusal) return credentials
  await markUsed(database, { accountId: account.id, keyId: recoveryKey.id })
  return credentials
}
