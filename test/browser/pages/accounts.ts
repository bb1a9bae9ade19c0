import { fromBase64url } from '@strongroom/crypto'
import {
  accountsClient,
  createPasskey as create,
  type Device,
  type ExpectedChange,
  type Login,
  type Passkey,
  type PasskeyPlatform,
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

/** With how it was made. */
export const makePasskey = (): Promise<Passkey> => client.makePasskey({ rpId, userName: 'ann' })
export const makeFurtherPasskey = (): Promise<Passkey> => client.makeFurtherPasskey({ rpId, userName: 'ann' })

/** Known by its key alone. */
export const createPasskey = (): Promise<Passkey> =>
  create({ rpId, rpName: 'Strongroom', userId: crypto.getRandomValues(new Uint8Array(16)), userName: 'ann' })

export const signUp = (login: Login, { publicKey, registration }: Passkey): Promise<SignedIn> => {
  const made = registration && { registration }
  return client.signUp(login, { type: 'passkey', publicKey, passKey: { platform: 'web' }, ...made })
}

export const signIn = (login: Login, { publicKey }: Passkey): Promise<SignedIn> =>
  client.signInByPasskey(login, { rpId, publicKey })

/** What a page that is not ours asks an authenticator for, in place of what it was told to. */
export interface Otherwise {
  readonly userVerification?: 'discouraged'
  /** base64url: of the passkey that is to answer. */
  readonly credentialId?: string
}

const askingOtherwise = ({ userVerification = 'discouraged', credentialId }: Otherwise): PasskeyPlatform => ({
  create(options) {
    const { publicKey } = options as { publicKey: PublicKeyCredentialCreationOptions }
    const authenticatorSelection = { userVerification, residentKey: 'discouraged' } as const
    return navigator.credentials.create({ publicKey: { ...publicKey, authenticatorSelection } })
  },
  get(options) {
    const { publicKey } = options as { publicKey: PublicKeyCredentialRequestOptions }
    const id = credentialId === undefined ? undefined : (fromBase64url(credentialId) as Uint8Array<ArrayBuffer>)
    const allowed = id && { allowCredentials: [{ type: 'public-key' as const, id }] }
    return navigator.credentials.get({ publicKey: { ...publicKey, userVerification, ...allowed } })
  },
})

export const makeOtherwise = (otherwise: Otherwise): Promise<Passkey> =>
  client.makePasskey({ rpId, userName: 'ann' }, askingOtherwise(otherwise))
export const signInOtherwise = (login: Login, { publicKey }: Passkey, otherwise: Otherwise): Promise<SignedIn> =>
  client.signInByPasskey(login, { rpId, publicKey }, askingOtherwise(otherwise))

export const devices = (): Promise<readonly Device[]> => client.listDevices()

/** Lets the key in that the account is expected to let in, and no other. */
export async function letIn(
  { publicKey: own }: Passkey,
  { id, ...asked }: { readonly id: string } & Pick<ExpectedChange, 'chainId' | 'account' | 'publicKey'>,
): Promise<Signing> {
  const { request } = await client.lookAtTwoFactor(id)
  const call = JSON.parse(request.message) as object
  const expected = { kind: 'add-signer', ...asked } as const
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
