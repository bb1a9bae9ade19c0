import { equalBytes } from '@strongroom/crypto'
import { Refusal } from '@strongroom/http'
import { sql, type Statements } from '@strongroom/storage'
import { insertFactor } from '../factors/ensure-factor.ts'
import { prepareEmailMove, type WriteIdentity } from '../identities/of-wallet.ts'
import { endSessions } from '../sessions/store.ts'
import { prepareMessage, type PreparedMessage, queueMessage } from '../wallets/announce.ts'
import { openContents } from '../wallets/contents.ts'
import { conflict, KDF_VERSION } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import type { MessageKind } from '../wallets/messages.ts'
import { changeState, type Factor, findWalletById, freeNames, type Wallet } from '../wallets/store.ts'
import { holdWallet, prepareHold } from './holds.ts'
import { isRecovering } from './is-recovering.ts'
import { type Change, dropAddressChange, endChange, isOnLedger } from './store.ts'

export type ChangeDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'random' | 'ledger' | 'policies'>

/** What takes the place of a wallet's contents: another id, address, keychain and password, for the same account. */
export type Replacement = Pick<Change, 'lookup' | 'contact' | 'salt' | 'contents' | 'passwordRef' | 'passwordSecret'>

const told = {
  password: 'password-changed',
  recovery: 'recovery-begun',
  address: 'address-changed',
} as const satisfies Record<Change['kind'], MessageKind>

/** Ends a change that nothing stands in the way of any more. `conflict`: somebody else ended it. */
export const applyChange = (deps: ChangeDeps, change: Change): Promise<'applied' | Refusal<'conflict'>> =>
  replaceWallet(deps, change.walletId, {
    replacement: change,
    kind: told[change.kind],
    async prepare(wallet) {
      const { kind, signer, fromLookup } = change
      const isAnother = !equalBytes(wallet.lookup, fromLookup)
      if (isAnother || (kind === 'address' && (await isRecovering(deps, wallet))))
        return () => Promise.resolve(conflict())
      const hold = kind === 'recovery' && signer !== null ? await prepareHold(deps, wallet, signer) : undefined
      return async (tx) => {
        if (!(await endChange(tx, change.id, 'applied'))) return conflict()
        // What the ledger may have accepted is made of the wallet as it was.
        if (kind === 'address' && (await isOnLedger(tx, wallet.id))) return conflict()
        if (hold) await holdWallet(tx, hold, deps.policies.hold)
        return 'applied'
      }
    },
  })

interface Replacing<Done> {
  readonly replacement: Replacement
  readonly kind: MessageKind
  /** Of the wallet as it is; what this answers runs in the transaction, before the wallet is another. */
  readonly prepare: (wallet: Wallet) => Promise<(tx: Statements) => Promise<Done>>
}

/** The owner is told at the address that the wallet had. */
export async function replaceWallet<Done>(
  deps: ChangeDeps,
  walletId: string,
  { replacement, kind, prepare }: Replacing<Done | Refusal<'conflict'>>,
): Promise<Done | Refusal<'conflict'>> {
  return changeState(
    deps,
    () => findWalletById(deps, walletId),
    async (wallet) => {
      if (!wallet) return conflict()
      const { email } = await openContents(deps.hsm, wallet)
      const message = await prepareMessage(deps, { kind, to: email })
      const { lookup, contact } = replacement
      const [work, writeIdentity] = await Promise.all([prepare(wallet), identityOf(deps, wallet, replacement)])
      return {
        next: { lookup, contact, factors: factorsWith(wallet, replacement) },
        work: async (tx: Statements) => {
          const done = await work(tx)
          if (done instanceof Refusal) return done
          const identity = await writeIdentity?.(tx)
          if (identity instanceof Refusal) return identity
          await writeReplacement(tx, wallet, { replacement, message })
          return done
        },
      }
    },
  )
}

/** Where the address is another, it leads to the same account: the replacement waited until it was verified. */
async function identityOf(
  deps: ChangeDeps,
  wallet: Wallet,
  { lookup, contact, contents }: Replacement,
): Promise<WriteIdentity | undefined> {
  if (equalBytes(contact, wallet.contact)) return undefined
  const { id, accountId } = wallet
  const { email } = await openContents(deps.hsm, { id, accountId, lookup, contact, contents })
  return prepareEmailMove(deps, wallet, { email, contact })
}

const isPassword = ({ type }: Pick<Factor, 'type'>) => type === 'password'

const factorsWith = ({ factors }: Wallet, { passwordRef: ref }: Replacement) =>
  factors.map((factor) => (isPassword(factor) ? { ...factor, ref } : factor))

async function writeReplacement(
  tx: Statements,
  wallet: Wallet,
  { replacement, message }: { replacement: Replacement; message: PreparedMessage },
): Promise<void> {
  const { salt, contents, passwordRef: ref, passwordSecret: secret } = replacement
  await tx.run(sql`
    update identity.wallets set kdf_version = ${KDF_VERSION}, salt = ${salt}, contents = ${contents} where id = ${wallet.id}`)
  // A factor of its own, so that no token of the old password's is good for the new one.
  await tx.run(sql`delete from identity.factors where wallet_id = ${wallet.id} and type = 'password'`)
  const priority = wallet.factors.find(isPassword)?.priority ?? 0
  await insertFactor(tx, { walletId: wallet.id, ref, type: 'password', priority, secret })
  await endSessions(tx, wallet.id)
  // Who asked for it knew a password that is no more: its link would put everything back, under another address.
  await dropAddressChange(tx, wallet.id)
  await freeNames(tx, wallet.id)
  await queueMessage(tx, wallet.id, message)
}
