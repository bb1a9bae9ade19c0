import type { Secret } from '@strongroom/crypto'
import type { ReceivedTransfer } from '../qr/new-device.ts'
import { addRecovery, type AddedRecovery, type RecoveryWish } from './add-recovery.ts'
import { challengedLogin, challengedPresentation, type CustodyOptions, placesOf, walletLogin } from './context.ts'
import { adopt, type LoggedIn, logIn, type Wallet } from './log-in.ts'
import { recover, type RecoveryProof } from './recover.ts'
import { rotate } from './rotate.ts'
import { migrate, type SetUp, setUp } from './set-up.ts'

/**
 * A user's wallet in shares: what a wallet app calls. Each method makes the calls of the published client, in its
 * order. They throw `SssError` (the server refused or was away), `ShareError`, `CustodyError`, and what their proofs
 * throw: `PhraseError`, `BackupFileError`, `EmailShareError`, `PasskeyError`.
 */
export interface Custody {
  setUp(seed: Secret): Promise<SetUp>
  migrate(seed: Secret): Promise<SetUp>
  logIn(): Promise<LoggedIn>
  /** Takes a share that another device handed over by QR login. */
  adopt(transfer: ReceivedTransfer): Promise<Wallet>
  /** New shares, this device's among them. Answers their version. */
  rotate(seed: Secret): Promise<number>
  addRecovery<Wish extends RecoveryWish>(seed: Secret, wish: Wish): Promise<AddedRecovery<Wish['type']>>
  recover(proof: RecoveryProof): Promise<Wallet>
  /** From a telephone number to an e-mail address. Answers the token for the login provider, if it wants a new login. */
  upgrade(change: { previousPhone: string; email: string; code: Secret }): Promise<string | undefined>
  /** Undoes a rotation or a deletion within the hold, by the account's seed of then; the login plays no part in it. */
  restore(seed: Secret, shareVersion?: number): Promise<number>
  /** Asks that this seed may take the account over. Answers when: ISO 8601. */
  startOver(seed: Secret): Promise<string>
  cancelStartOver(seed: Secret): Promise<void>
  deleteKeys(seed: Secret): Promise<void>
  /** Removes this device's share, and nothing on the server. */
  forgetDevice(): Promise<void>
}

export function openCustody(options: CustodyOptions): Custody {
  const { api, store } = options
  const { id, pending } = placesOf(options)
  return {
    setUp: (seed) => setUp(options, seed),
    migrate: (seed) => migrate(options, seed),
    logIn: () => logIn(options),
    adopt: (transfer) => adopt(options, transfer),
    rotate: async (seed) => (await rotate(options, seed)).shareVersion,
    addRecovery: (seed, wish) => addRecovery(options, seed, wish),
    recover: (proof) => recover(options, proof),
    upgrade: async (change) => (await api.keys.upgradeContact(await options.login(), change)).customToken,
    restore: async (seed, shareVersion) =>
      (await api.keys.restore(await challengedPresentation(options, seed), { shareVersion })).shareVersion,
    startOver: async (seed) => (await api.keys.startOver(await challengedLogin(options, seed))).opensAt,
    cancelStartOver: async (seed) => void (await api.keys.cancelStartOver(await challengedPresentation(options, seed))),
    deleteKeys: async (seed) => void (await api.keys.deleteKeys(await walletLogin(options, seed))),
    forgetDevice: async () => {
      await store.remove(id)
      await store.remove(pending)
    },
  }
}
