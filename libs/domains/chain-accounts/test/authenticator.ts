import { randomBytes } from 'node:crypto'
import { sha256, toBase64url, toUtf8 } from '@strongroom/crypto'
import { newDevice } from './client.ts'

/** Flags of authenticator data: WebAuthn Level 3, section 6.1. */
export const [UP, UV, BE, BS, AT] = [0x01, 0x04, 0x08, 0x10, 0x40]

/** What a test has an authenticator or a browser say; usually what is right. */
export interface Saying {
  readonly type?: string
  readonly origin?: string | undefined
  readonly rpId?: string
  readonly flags?: number
  readonly count?: number
  /** Base64url: the credential that it says it is. */
  readonly id?: string
  readonly more?: Readonly<Record<string, unknown>>
}

/** A short text in CBOR (RFC 8949). */
const word = (text: string) => [0x60 + text.length, ...toUtf8(text)]

/** A passkey whose making can be shown, as a browser shows it. */
export function newAuthenticator(rules: { rpId: string; origins: readonly string[] }) {
  const { publicKey, signBytes } = newDevice()
  const credentialId = randomBytes(16).toString('base64url')
  const clientData = (challenge: string, type: string, { origin = rules.origins[0], more = {} }: Saying) =>
    toUtf8(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...more }))
  const headOf = ({ rpId = rules.rpId, count = 0 }: Saying, flags: number) => {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(count)
    return Uint8Array.of(...sha256(toUtf8(rpId)), flags, ...counter)
  }
  return {
    publicKey,
    credentialId,
    /** RegistrationResponseJSON. @param challenge base64url, as the options have it. */
    register(challenge: string, saying: Saying = {}) {
      const { type = 'webauthn.create', flags = UP | UV | AT, id = credentialId } = saying
      const [x, y] = [Buffer.from(publicKey.slice(0, 64), 'hex'), Buffer.from(publicKey.slice(64), 'hex')]
      const cose = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20, ...x, 0x22, 0x58, 0x20, ...y]
      const bytes = Buffer.from(id, 'base64url')
      const attested = [...new Uint8Array(16), 0, bytes.length, ...bytes, ...cose]
      const data = Uint8Array.of(...headOf(saying, flags), ...attested)
      const none = [0xa3, ...word('fmt'), ...word('none'), ...word('attStmt'), 0xa0, ...word('authData')]
      const attestationObject = toBase64url(Uint8Array.of(...none, 0x58, data.length, ...data))
      const clientDataJSON = toBase64url(clientData(challenge, type, saying))
      return {
        id,
        rawId: id,
        type: 'public-key',
        response: { clientDataJSON, attestationObject, transports: ['internal'] },
        clientExtensionResults: { credProps: { rk: true } },
        authenticatorAttachment: 'platform',
      }
    },
    /** What answers a sign-in. */
    assert(challengeData: string, saying: Saying = {}) {
      const { type = 'webauthn.get', flags = UP | UV, id = credentialId } = saying
      const client = clientData(Buffer.from(challengeData, 'hex').toString('base64url'), type, saying)
      const data = headOf(saying, flags)
      const signature = signBytes(Uint8Array.of(...data, ...sha256(client)), 'der')
      return {
        credentialId: id,
        authenticatorData: toBase64url(data),
        clientDataJSON: toBase64url(client),
        signature: Buffer.from(signature, 'hex').toString('base64url'),
      }
    },
  }
}
export type Authenticator = ReturnType<typeof newAuthenticator>
