import { tokenVerifier } from '@strongroom/proofs'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const issuer = 'https://login.example.com'
const audience = 'wallet'

/** What a client puts beside the other fields of its body. */
export interface LoginFields {
  readonly authToken: string
  readonly providerType: string
}

/** A login provider, whose tokens the real verifier judges. */
export async function loginProvider() {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] }
  return {
    verifier: tokenVerifier({
      issuer,
      audience,
      keysUrl: `${issuer}/keys`,
      fetch: () => Promise.resolve(Response.json(keys)),
    }),
    logIn: async (subject: string): Promise<LoginFields> => {
      const claims = { email: `${subject}@example.com`, email_verified: true }
      const token = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).setSubject(subject)
      token.setIssuer(issuer).setAudience(audience).setIssuedAt().setExpirationTime('1h')
      return { authToken: await token.sign(privateKey), providerType: 'oidc' }
    },
  }
}
