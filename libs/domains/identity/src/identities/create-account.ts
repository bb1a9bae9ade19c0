import { recordEvent } from '@strongroom/audit'
import { implement, Refusal, reply } from '@strongroom/http'
import { readAccountKey } from '@strongroom/proofs'
import { sql } from '@strongroom/storage'
import { z } from 'zod'
import { conflict, tooMany, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { givenSigners } from '../wallets/given-signers.ts'
import { createAccount } from './contract.ts'
import { accountMade } from './events.ts'
import { findIdentity, insertIdentity, prepareIdentity } from './store.ts'

/**
 * It is somebody's, whom nobody finds by an address of theirs. The ledger first: asked again after a crash, it has made the
 * account with those signers.
 */
export const makeAccount = implement<Pick<IdentityDeps, 'database' | 'hsm' | 'random' | 'ledger' | 'limits'>>()(
  createAccount,
  async ({ body, ip }, deps) => {
    const { database, ledger, limits } = deps
    if (await limits.creations.take(ip)) return tooMany()
    const { id: address, relationships } = body.data
    if (!readAccountKey(address)) return wrongField('/data/id', 'is no account key')
    const keys = relationships.signers.data.map(({ id }) => id)
    const signers = await givenSigners(ledger, { keys, included: body.included })
    if (signers instanceof Refusal) return signers
    if ((await findIdentity(deps, { address })) ?? (await isOfWallet(deps, address))) return conflict()
    if ((await ledger.createAccount({ account: address, signers })) === 'taken') return conflict()
    const identity = await prepareIdentity(deps, {
      address,
      status: 'active',
      walletId: null,
      findable: true,
      contents: {},
    })
    const made = await database.transaction(async (tx) => {
      if (!(await insertIdentity(tx, identity))) return conflict()
      await recordEvent(tx, accountMade, { subject: address, detail: {} })
      return 'made'
    })
    if (made instanceof Refusal) return made
    const data = signers.map(({ key }) => ({ id: key, type: 'signer' as const }))
    return reply(201, {
      data: { id: address, type: 'identity-account', relationships: { signers: { data } } },
      included: signers.map(({ key, role, ...attributes }) => ({
        id: key,
        type: 'signer' as const,
        attributes: { role_id: role, ...attributes },
      })),
    })
  },
)

/** One that is made at the moment: its account is on the ledger soon. */
const isOfWallet = async ({ database }: Pick<IdentityDeps, 'database'>, account: string): Promise<boolean> =>
  (await database.maybe(
    z.object({ id: z.uuid() }),
    sql`select id from identity.wallets where account_id = ${account}`,
  )) !== undefined
