import {
  accountsClient,
  createPasskey as create,
  type Device,
  type Login,
  type Passkey,
  passkeySigner,
  type Signing,
  signChange,
  type SignedIn,
} from '@strongroom/accounts-client'

const rpId = 'localhost'
let client = accountsClient({ baseUrl: 'http://localhost' })

/** Whoever opens the page is nobody yet. */
export function openAt(baseUrl: string): void {
  client = accountsClient({ baseUrl })
}

export const createPasskey = (): Promise<Passkey> =>
  create({ rpId, rpName: 'Strongroom', userId: crypto.getRandomValues(new Uint8Array(16)), userName: 'ann' })

export const signUp = (login: Login, { publicKey }: Passkey): Promise<SignedIn> =>
  client.signUp(login, { type: 'passkey', publicKey, passKey: { platform: 'web' } })

export const signIn = (login: Login, { publicKey }: Passkey): Promise<SignedIn> =>
  client.signInByPasskey(login, { rpId, publicKey })

export const devices = (): Promise<readonly Device[]> => client.listDevices()

/** Lets the key in that the account is expected to let in, and no other. */
export async function letIn(
  { publicKey: own }: Passkey,
  { id, account, publicKey }: { readonly id: string; readonly account: string; readonly publicKey: string },
): Promise<Signing> {
  const { request } = await client.lookAtTwoFactor(id)
  const call = JSON.parse(request.message) as object
  const expected = { kind: 'add-signer', account, publicKey } as const
  return client.signEvm({
    call,
    signatures: [await signChange(passkeySigner({ rpId, publicKey: own }), call, expected)],
  })
}

export async function relayed(id: string): Promise<readonly [state: string, txId: string | null]> {
  const { state, txId } = await client.relayed(id)
  return [state, txId]
}

export const approve = (id: string, txId: string): Promise<void> => client.approveTwoFactor(id, txId)
