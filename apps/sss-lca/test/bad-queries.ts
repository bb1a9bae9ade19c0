import { canary } from './bad-fields.ts'

interface BadQuery {
  readonly path: string
  readonly name: string
  readonly more: Readonly<Record<string, string>>
}

const share = (more: BadQuery['more']): BadQuery => ({ path: '/keys/recovery', name: 'keys.getRecoveryShare', more })
const email = (more: BadQuery['more']): BadQuery => ({
  path: '/keys/recovery-email',
  name: 'keys.getRecoveryEmail',
  more,
})
const challenges = (amount: string): BadQuery => ({
  path: '/challenges',
  name: 'challenges.getChallenges',
  more: { amount },
})
const type = 'passkey'

export const badQueries: readonly BadQuery[] = [
  share({}),
  share({ type: canary }),
  share({ type: '' }),
  share({ type, credentialId: '' }),
  share({ type, credentialId: canary.repeat(205) }),
  share({ type, credentialId: `${canary}\u0000` }),
  share({ type, contactMethodType: canary }),
  share({ type, contactMethodType: 'email', contactMethodValue: '' }),
  share({ type, contactMethodType: 'email', contactMethodValue: canary.repeat(33) }),
  share({ type, authToken: '' }),
  share({ type, authToken: canary, providerType: canary }),
  email({ contactMethodType: canary }),
  email({ authToken: canary, providerType: 'Firebase' }),
  challenges('0'),
  challenges('101'),
  challenges(canary),
  challenges('1.5'),
  challenges(''),
]

/** Who asks without being anybody. */
export const badAskers: readonly {
  readonly who: string
  readonly more: Readonly<Record<string, string>>
  readonly status: number
  readonly message: string
}[] = [
  {
    who: 'a bad token',
    more: { authToken: `${canary}.a.b`, providerType: 'firebase' },
    status: 401,
    message: 'Invalid Firebase token',
  },
  {
    who: 'a provider that nobody configured',
    more: { authToken: 'a.b.c', providerType: 'keycloak' },
    status: 501,
    message: 'This login provider is not configured',
  },
  { who: 'nobody at all', more: {}, status: 401, message: 'An auth token is needed here.' },
  {
    who: 'half a contact',
    more: { contactMethodType: 'email' },
    status: 401,
    message: 'An auth token is needed here.',
  },
  {
    who: 'a bad token and a contact',
    more: {
      contactMethodType: 'email',
      contactMethodValue: 'nobody@example.com',
      authToken: 'a.b.c',
      providerType: 'firebase',
    },
    status: 401,
    message: 'Invalid Firebase token',
  },
]
