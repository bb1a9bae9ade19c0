import type { KeyNeed } from '@strongroom/hsm'
import { readMigrations } from '@strongroom/storage'
import { usualPolicies } from './policies.ts'
import { IDENTITY_USE, STAMP_USE, TOKEN_USE } from './accounts/names.ts'
import { sealedKeyData, sealedProfiles, sealedServerKeys } from './accounts/sealed-columns.ts'
import { change as changeDevice, list as listDevices } from './keys/devices.ts'
import { forget as forgetKey } from './keys/forget-key.ts'
import { keys as listKeys } from './keys/list-keys.ts'
import type { CancelDeps } from './recovery/index.ts'
import type { CadenceDeps } from './sign/index.ts'
import type { FinishDeps } from './two-factor/index.ts'
import type { RefreshDeps } from './tokens/index.ts'
import type { ForgetDeps as ForgetKeyDeps } from './keys/forget-key.ts'
import type { SignUpDeps } from './sign-up/sign-up.ts'
import type { BeginDeps } from './sign-in/begin-sign-in.ts'
import type { FinishDeps as FinishSignInDeps } from './sign-in/finish-sign-in.ts'
import { forAccount, forAnybody, type OptionsDeps } from './passkeys/draw-options.ts'
import { recoveryHandlers, recoveryJobs, recoverySweeps } from './recovery/index.ts'
import { signHandlers, signJobs, signSweeps } from './sign/index.ts'
import { tokenHandlers, tokenSweeps } from './tokens/index.ts'
import { sealedAskers, twoFactorHandlers, twoFactorJobs, twoFactorSweeps } from './two-factor/index.ts'
import { LOCK_USE } from '@strongroom/time-locks'
import { sweeps as ownSweeps } from './sweeps.ts'
import { begin as beginSignIn } from './sign-in/begin-sign-in.ts'
import { finish as finishSignIn } from './sign-in/finish-sign-in.ts'
import { deploy as deployElsewhere } from './sign-up/deploy-elsewhere.ts'
import { me } from './sign-up/get-me.ts'
import { register } from './sign-up/sign-up.ts'

export type { ActivateDeps } from './accounts/activate.ts'
export type { LoginDeps } from './accounts/caller.ts'
export type { ChainDeps } from './accounts/chain-of.ts'
export { IDENTITY_USE, STAMP_USE, TOKEN_USE } from './accounts/names.ts'
export { namedChains } from './accounts/named-chains.ts'
export type { Sessions } from './accounts/sessions.ts'
export { type AppDeps, judgeApp, proveApp } from './apps/judge-app.ts'
export { appleLogin, type AppleOptions } from './logins/apple-login.ts'
export { codeExchange, type CodeExchangeOptions } from './logins/code-exchange.ts'
export { firebaseLogin } from './logins/firebase-login.ts'
export { type LoginJudge, type LoginJudges, type Logins, loginsOf } from './logins/login.ts'
export { testLogin } from './logins/test-login.ts'
export { openTurns, signUpTurns, type Turns } from './sign-up/turns.ts'
export * as apps from './apps/operate.ts'
export * from './contract.ts'
export { accountsDialect } from './dialect.ts'
export { type Policies, usualPolicies } from './policies.ts'
export type { RecoveryDoor } from './sign-in/recovery-door.ts'
export { type DoorDeps, recoveryDoor } from './recovery/index.ts'
export { transactionReferences } from './sign/forget-relayed.ts'
export { type CadenceDeps, type FlowPayer, type SignDeps } from './sign/index.ts'
export { type FinishDeps, type RequestTokens, type TwoFactorDeps } from './two-factor/index.ts'
export type { ForgetDeps } from './sweeps.ts'

export { openTokens, proveAccount, proveAny, proveRequest, type TokenView } from './tokens/index.ts'

export { recoveryHandlers, signHandlers, tokenHandlers, twoFactorHandlers }

/** What the handlers and provers of this API are given. */
export type AccountsDeps = SignUpDeps &
  OptionsDeps &
  BeginDeps &
  FinishSignInDeps &
  ForgetKeyDeps &
  FinishDeps &
  CadenceDeps &
  CancelDeps &
  RefreshDeps

/** What needs no other device, no signature of ours and no recovery. */
export const baseHandlers = [
  register,
  forAnybody,
  forAccount,
  beginSignIn,
  finishSignIn,
  me,
  deployElsewhere,
  listDevices,
  changeDevice,
  listKeys,
  forgetKey,
]

/** In the order of the contract. */
export const handlers = [...baseHandlers, ...tokenHandlers, ...twoFactorHandlers, ...signHandlers, ...recoveryHandlers]

/** What the worker does. */
export const jobs = [...twoFactorJobs, ...signJobs, ...recoveryJobs]
export const sweeps = [...ownSweeps, ...tokenSweeps, ...twoFactorSweeps, ...signSweeps, ...recoverySweeps]

const rows = ['select', 'insert', 'update', 'delete'] as const

export const accountMigrations = readMigrations('chain_accounts', new URL('../migrations/', import.meta.url), {
  apps: rows,
  app_secrets: rows,
  accounts: rows,
  identities: rows,
  keys: rows,
  addresses: rows,
  challenges: rows,
  passkey_challenges: rows,
  two_factor_requests: rows,
  signer_changes: rows,
  recoveries: rows,
  token_families: rows,
  refresh_tokens: rows,
  relayed: rows,
})

export const sealedColumns = [sealedKeyData, sealedServerKeys, sealedProfiles, sealedAskers]

/** What this domain asks of a token. */
export const keyNeeds: readonly KeyNeed[] = [
  { job: 'seal', use: '' },
  { job: 'wrap-pair', use: '' },
  { job: 'mac', use: IDENTITY_USE },
  { job: 'mac', use: STAMP_USE },
  { job: 'mac', use: LOCK_USE },
  { job: 'sign', use: TOKEN_USE, rotates: 'passing', passesAfter: usualPolicies.refreshLifetime + 86_400 },
]
