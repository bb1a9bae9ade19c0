import { recordEvent } from '@strongroom/audit'
import { fromHex } from '@strongroom/crypto'
import { implement, isOutage, Refusal, reply } from '@strongroom/http'
import { type PasskeyRules, verifyPasskey } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import type { z } from 'zod'
import { isGenuineAddress } from '../accounts/addresses.ts'
import { findAddresses } from '../accounts/addresses-store.ts'
import { signatureRefused, signedIn } from '../accounts/events.ts'
import { isGenuineKey, type KeyRow } from '../accounts/key-row.ts'
import { findKeyById, raiseSignCount, touchKey } from '../accounts/keys-store.ts'
import type { Sessions } from '../accounts/sessions.ts'
import { type AccountRow, findAccount } from '../accounts/store.ts'
import { accountView, transactionView, type ViewDeps } from '../accounts/views.ts'
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
}

type Answer = z.output<typeof finishSignIn.body>

export const finish = implement<FinishDeps>()(finishSignIn, async ({ proof: app, body }, deps) => {
  const { database } = deps
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
  await database.transaction((tx) => recordEvent(tx, signatureRefused, { subject: found.account.id, detail }))
  return invalidSignature()
})

/** The key that was asked, where it still answers. */
async function whose({ database, hsm }: FinishDeps, taken: TakenChallenge) {
  const [account, key] = await Promise.all([findAccount(database, taken.accountId), findKeyById(database, taken.keyId)])
  const isTheirs = account && account.state !== 'closed' && key && key.accountId === account.id
  if (!isTheirs || !answers(key, taken.type) || !(await isGenuineKey(hsm, account, key))) return pleaseRegisterKey()
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
  const { id, publicKey, signCount } = key
  const challenge = fromHex(body.challengeData)
  const answered = await verifyPasskey(rules, { assertion: body.passKey, challenge, passkey: { publicKey, signCount } })
  return answered !== undefined && raiseSignCount(database, { id, count: answered.signCount })
}

interface Welcomed {
  readonly account: AccountRow
  readonly key: KeyRow
  readonly app: ClientApp
  readonly taken: TakenChallenge
  readonly body: Answer
}

async function welcome(deps: FinishDeps, { account, key, app, taken, body }: Welcomed) {
  const { database, hsm, sessions, recovery } = deps
  const { chainName } = taken
  const address = (await findAddresses(database, account.id)).find((one) => one.chainName === chainName)
  const stands = address?.state === 'active' && (await isGenuineAddress(hsm, account, address))
  if (!address || !stands) return pleaseDeploy()
  if (body.challengeType === 'recoveryKey' && !(await recovery.isOpen(account))) return forbidden()
  const credentials =
    body.challengeType === 'recoveryKey'
      ? await recovery.begin({ account, app, recoveryKey: key, newKey: body.recoveryKey.newDeviceKey, chainName })
      : await sessions.open({ accountId: account.id, appId: app.id, keyId: key.id, publicKey: key.publicKey })
  if (credentials instanceof Refusal) return credentials
  await database.transaction(async (tx) => {
    await touchKey(tx, key.id)
    await recordEvent(tx, signedIn, { subject: account.id, detail: { key: keyHex(key.publicKey) } })
  })
  return reply(200, {
    account: await accountView(deps, account),
    credentials,
    transaction: await transactionView(deps, address),
  })
}
