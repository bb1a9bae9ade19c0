import { recordEvent } from '@strongroom/audit'
import type { Refusal } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { noteProven } from '../wallets/address-tokens.ts'
import { conflict } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { dropAdoption, findAdoption } from './adoptions.ts'
import { accountAdopted } from './events.ts'
import { prepareHandOver } from './hand-over.ts'
import { openIdentity } from './names.ts'
import {
  findIdentity,
  holdName,
  IdentityContended,
  insertIdentity,
  prepareIdentity,
  prepareUpdate,
  queueInvites,
  updateIdentity,
} from './store.ts'

type Deps = Pick<IdentityDeps, 'database' | 'hsm' | 'random' | 'ledger'>

/** Runs in the transaction that changes the wallet, behind its row. */
export type WriteIdentity = (tx: Statements) => Promise<'written' | Refusal<'conflict'>>

const written: WriteIdentity = () => Promise.resolve('written')

interface OfWallet {
  readonly id: string
  readonly accountId: string
  readonly contact: Uint8Array
}

interface Shown {
  readonly email: string
  readonly verified: boolean
}

/**
 * The identity of a wallet that was made, or whose address was verified: its own, or the one whose account it is given,
 * which stays as it is until then. `conflict`: somebody else's has the account.
 */
export async function prepareOwnIdentity(
  deps: Omit<Deps, 'ledger'>,
  wallet: OfWallet,
  shown: Shown,
): Promise<WriteIdentity> {
  const write = await prepareWriting(deps, wallet, shown)
  if (!shown.verified) return write
  return async (tx) => {
    await noteProven(tx, wallet.contact)
    return write(tx)
  }
}

async function prepareWriting(
  deps: Omit<Deps, 'ledger'>,
  { id: walletId, accountId }: OfWallet,
  { email, verified }: Shown,
): Promise<WriteIdentity> {
  const adoption = await findAdoption(deps, walletId)
  if (adoption) return verified ? prepareAdopted(deps, adoption, email) : written
  const existing = await findIdentity(deps, { walletId })
  if (existing) {
    if (existing.findable || !verified) return written
    const shown = await prepareUpdate(deps.hsm, existing, { findable: true })
    return async (tx) => {
      await updateIdentity(tx, shown)
      return 'written'
    }
  }
  const made = await prepareIdentity(deps, {
    address: accountId,
    status: 'active',
    walletId,
    findable: verified,
    contents: { email },
  })
  return async (tx) => ((await insertIdentity(tx, made)) ? 'written' : conflict())
}

/** The ledger has given the account; nothing that was said of it before, and never verified, stays. */
async function prepareAdopted(
  deps: Omit<Deps, 'ledger'>,
  { walletId, identityId }: { readonly walletId: string; readonly identityId: string },
  email: string,
): Promise<WriteIdentity> {
  const identity = await findIdentity(deps, { id: identityId })
  if (identity?.status !== 'unregistered') throw new IdentityContended()
  const next = await prepareUpdate(deps.hsm, identity, {
    status: 'active',
    walletId,
    findable: true,
    contents: { email },
  })
  return async (tx) => {
    await dropAdoption(tx, walletId)
    await updateIdentity(tx, next)
    await recordEvent(tx, accountAdopted, { subject: identity.address, detail: { wallet: walletId } })
    return 'written'
  }
}

/** The identity of a wallet whose address is another from now on, and verified. */
export async function prepareEmailMove(
  deps: Deps,
  { id: walletId, accountId }: { readonly id: string; readonly accountId: string },
  { email, contact }: { readonly email: string; readonly contact: Uint8Array },
): Promise<WriteIdentity> {
  const [own, holder] = await Promise.all([
    findIdentity(deps, { walletId }),
    findIdentity(deps, { kind: 'email', name: contact }),
  ])
  if (!own) return prepareOwnIdentity(deps, { id: walletId, accountId, contact }, { email, verified: true })
  const other = holder && holder.id !== own.id ? holder : undefined
  if (other?.status === 'active') return () => Promise.resolve(conflict())
  const handOver = other && (await prepareHandOver(deps, { nobodys: other, to: accountId }))
  const contents = { ...(await openIdentity(deps.hsm, own)), email }
  const next = await prepareUpdate(deps.hsm, own, { findable: true, contents })
  return async (tx) => {
    await noteProven(tx, contact)
    await holdName(tx, contact)
    await handOver?.(tx)
    await updateIdentity(tx, next)
    await queueInvites(tx, own.id)
    return 'written'
  }
}
