import { type OperationBody } from '@strongroom/identity'
import { newSeed, type Signer, signerOf } from '@strongroom/identity-client'
import { type Answer, type HorizonStub, startHorizon } from '../../../libs/domains/identity/test/horizon-stub.ts'
import { type Ask, startIdentityStorage, type World } from './client.ts'
import type { Owner } from './owners.ts'
import { envelopeOf } from './transactions.ts'

const NETWORK = 'A Network of the Tests'

export interface HorizonWorld extends World {
  readonly horizon: HorizonStub
  /** Signs for the master account there. */
  readonly admin: Signer
}

/** As the ledger keeps it. */
export const signerWith = (key: string, role: number, identity = 1) => ({
  key,
  weight: 1000,
  role,
  identity,
  details: '{}',
})

/** An app whose ledger is elsewhere, and knows the app's own key as a signer of its master account. */
export async function startOverHorizon(): Promise<HorizonWorld> {
  const [master, admin] = [signerOf(newSeed()), signerOf(newSeed())]
  const horizon = await startHorizon(master.keyId)
  const settings = {
    LEDGER_URL: horizon.url,
    LEDGER_NETWORK_PASSPHRASE: NETWORK,
    LEDGER_MASTER_ACCOUNT: master.keyId,
    LEDGER_ADMIN_KEYS: undefined,
    EMAIL_VERIFICATION: 'off',
  }
  const world = await startIdentityStorage({ settings })
  const { output } = await world.app.run('ledger-key')
  const [own] = /G[A-Z2-7]{55}/.exec(output) ?? []
  if (own === undefined) throw new Error('ledger-key told no key')
  horizon.accounts.set(master.keyId, [signerWith(admin.keyId, 1), signerWith(own, 5, 2)])
  return {
    ...world,
    admin,
    horizon,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await horizon[Symbol.asyncDispose]()
    },
  }
}

/** The ledger elsewhere goes by this machine's clock. */
const time: Ask = () =>
  Promise.resolve({
    status: 200,
    text: '',
    headers: new Headers(),
    body: { current_time: Math.floor(Date.now() / 1000) },
  })

export const signedThere = (
  { accountId: source, signer }: Pick<Owner, 'accountId' | 'signer'>,
  operations: readonly OperationBody[],
): Promise<string> => envelopeOf(time, { source, operations, signers: [signer], network: NETWORK })

/** It is away for whoever submits. */
export const away: Answer = ({ method }, to) => method === 'POST' && Boolean(to.writeHead(502).end())

/** It takes so long over the next transaction, which it applies, that its answer is lost. */
export function losingAnswer(horizon: HorizonStub): Answer {
  return async ({ method, path, body }, to) => {
    if (method !== 'POST') return false
    horizon.instead = undefined
    await fetch(horizon.url + path, { method, body })
    to.writeHead(408).end()
    return true
  }
}

/** As a core does whose account has other signers since: what was applied is rejected, and found by its hash alone. */
export const rejecting: Answer = ({ method }, to) => {
  const meta = { result_codes: { transaction: 'tx_bad_auth' } }
  const errors = [{ status: '400', detail: 'Tx is invalid and got rejected', meta }]
  return method === 'POST' && Boolean(to.writeHead(400).end(JSON.stringify({ errors })))
}
