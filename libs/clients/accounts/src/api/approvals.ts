import type { PasskeyAnswer } from '../passkey.ts'
import type { Change, ChainName, Described, Relayed, TwoFactorAuth } from './answers.ts'
import type { Transport } from './transport.ts'

export type SignatureBy =
  | { readonly publicKey: string; readonly signature: string }
  | { readonly publicKey: string; readonly passKey: PasskeyAnswer }

export interface SignedRequest {
  readonly chainName?: ChainName
  /** The typed data as the server described it. */
  readonly call: object
  readonly signatures: readonly SignatureBy[]
}

/** Sent at the server’s cost, or waiting: for another device’s approval, or until its hold is over. */
export type Signing = { readonly transaction: Relayed } | { readonly change: Change }

/** A request, for who made it and for every device of the account. */
export async function lookAtTwoFactor(
  { send }: Transport,
  { id, token }: { readonly id: string; readonly token?: string },
): Promise<TwoFactorAuth> {
  const { twoFactorAuth } = await send<{ twoFactorAuth: TwoFactorAuth }>({
    method: 'GET',
    path: `/device/v1/2fa/${id}`,
    token,
    fields: { twoFactorAuth: 'object' },
  })
  return twoFactorAuth
}

/** What devices of an account decide and sign. Every method throws `AccountsError`. */
export const approvalsApi = (transport: Transport) => {
  const { send } = transport
  return {
    lookAtTwoFactor: (id: string): Promise<TwoFactorAuth> => lookAtTwoFactor(transport, { id }),

    denyTwoFactor: (id: string): Promise<void> => send({ method: 'DELETE', path: `/device/v1/2fa/${id}` }),

    /** After the transaction that adds the key succeeded. */
    approveTwoFactor: (id: string, txId: string): Promise<void> =>
      send({ method: 'POST', path: `/device/v1/2fa/${id}/approve`, body: { txId } }),

    signEvm: (request: SignedRequest): Promise<Signing> =>
      send({ method: 'POST', path: '/sign/v1/evm/transaction', body: request, fields: {} }),

    relayed: async (id: string): Promise<Relayed> => {
      const { transaction } = await send<{ transaction: Relayed }>({
        method: 'GET',
        path: `/sign/v1/evm/transaction/${encodeURIComponent(id)}`,
        fields: { transaction: 'object' },
      })
      return transaction
    },

    /** For a client without a node of its own: `signChange` and `scriptOf` read what it answers. */
    describeChange: (
      change: { readonly kind: 'add-signer' | 'remove-signer'; readonly publicKey: string },
      chainName?: ChainName,
    ): Promise<Described> =>
      send({
        method: 'POST',
        path: '/sign/v1/changes/describe',
        body: { change, ...(chainName && { chainName }) },
        fields: { chainName: 'string', message: 'string' },
      }),

    listChanges: async (): Promise<readonly Change[]> => {
      const { changes } = await send<{ changes: readonly Change[] }>({
        method: 'GET',
        path: '/sign/v1/changes',
        fields: { changes: 'array' },
      })
      return changes
    },

    approveChange: async (id: string, approval: SignatureBy): Promise<Change> => {
      const { change } = await send<{ change: Change }>({
        method: 'POST',
        path: `/sign/v1/changes/${id}/approve`,
        body: { approval },
        fields: { change: 'object' },
      })
      return change
    },

    cancelChange: (id: string): Promise<void> => send({ method: 'DELETE', path: `/sign/v1/changes/${id}` }),
  }
}
