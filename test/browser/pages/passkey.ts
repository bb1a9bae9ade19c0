import { fromBase64url, systemRandom, toBase64url, toHex } from '@strongroom/crypto'

type Bytes = Uint8Array<ArrayBuffer>

/** Makes a passkey for this page's host that is found without its id. Says whether it will answer with a PRF. */
export async function createPasskey(): Promise<{ id: string; hasPrf: boolean }> {
  const credential = (await navigator.credentials.create({
    publicKey: {
      challenge: random(32),
      rp: { name: 'Strongroom' },
      user: { id: random(16), name: 'ann', displayName: 'Ann' },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      extensions: { prf: {} },
    },
  })) as PublicKeyCredential
  return { id: toBase64url(new Uint8Array(credential.rawId)), hasPrf: prfOf(credential)?.enabled === true }
}

/** Asserts with whichever passkey the host has, or one; the PRF's output for the salt, in hex, or nothing. */
export async function askPrf(salt: Uint8Array, id?: string): Promise<string | undefined> {
  const credential = (await navigator.credentials.get({
    publicKey: {
      challenge: random(32),
      userVerification: 'required',
      allowCredentials: id === undefined ? [] : [{ type: 'public-key', id: fromBase64url(id) as Bytes }],
      extensions: { prf: { eval: { first: salt as Bytes } } },
    },
  })) as PublicKeyCredential
  const output = prfOf(credential)?.results?.first
  return output && toHex(new Uint8Array(output as ArrayBuffer))
}

const random = (bytes: number) => systemRandom(bytes) as Bytes
const prfOf = (credential: PublicKeyCredential) => credential.getClientExtensionResults().prf
