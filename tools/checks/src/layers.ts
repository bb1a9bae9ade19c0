/** Who may use whom, as data: the boundary check reads it, and so may you. */

/** Kinds of project, and the kinds that each may depend on. Dependencies of tests alone are not judged. */
export const allowedKinds: Readonly<Record<string, readonly string[]>> = {
  app: ['domain', 'kernel'],
  domain: ['kernel'],
  kernel: ['kernel'],
  client: ['contract', 'crypto', 'client'],
  tool: ['app', 'domain', 'kernel', 'client', 'tool'],
  test: ['app', 'domain', 'kernel', 'tool', 'test'],
}

/** Inside the kernel a library may use those on lines above its own, and none beside it. */
export const kernelRanks: readonly (readonly string[])[] = [
  ['crypto'],
  ['hsm', 'storage', 'http'],
  ['jobs'],
  ['audit'],
  ['guesses', 'notify', 'proofs'],
  ['codes', 'time-locks', 'chains'],
  ['service'],
]

/** Packages that one part of the house owns. Tools and tests are free. */
export const owners: Readonly<Record<string, readonly string[]>> = {
  pg: ['storage'],
  pkcs11js: ['hsm'],
  'graphene-pk11': ['hsm'],
  'node-webcrypto-p11': ['hsm'],
  koa: ['http', 'service'],
  '@koa/cors': ['http'],
  '@koa/router': ['http', 'service'],
  'graphile-worker': ['jobs', 'service'],
  redis: ['qr-login'],
  '@aws-sdk/client-s3': ['identity'],
  '@aws-sdk/s3-presigned-post': ['identity'],
  '@aws-sdk/s3-request-presigner': ['identity'],
  '@simplewebauthn/server': ['proofs'],
  viem: ['chains'],
  '@onflow/sdk': ['chains'],
  jose: ['proofs', 'chain-accounts'],
  // No server may be able to join shares.
  'shamir-secret-sharing': ['sss-client'],
}

/** Slices of a domain, in the order in which each may use those before it. */
export const sliceOrder: Readonly<Record<string, readonly string[]>> = {
  'pin-keys': ['pins', 'users', 'keys', 'resets'],
  'secret-shares': ['accounts', 'shares', 'recovery', 'contacts', 'holds'],
  'qr-login': ['devices', 'sessions'],
  'key-shares': ['users', 'devices', 'faces', 'enrolment', 'shares', 'hooks'],
  'chain-accounts': [
    'apps',
    'logins',
    'accounts',
    'tokens',
    'passkeys',
    'sign-up',
    'keys',
    'sign-in',
    'two-factor',
    'sign',
    'recovery',
  ],
  identity: [
    'ledger',
    'wallets',
    'sessions',
    'factors',
    'settings',
    'blobs',
    'documents',
    'identities',
    'invites',
    'multisig',
    'access',
    'updates',
  ],
}

/** Files that a browser may import: nothing behind them may touch Node or another file that does. */
export const isomorphic = [
  'contract.ts',
  'endpoint.ts',
  'refusal.ts',
  'proof.ts',
  'json-api.ts',
  'json-api-given.ts',
  'json-api-list.ts',
  'json-api-type.ts',
  'basic-pin.ts',
  'application-key.ts',
  'access-token.ts',
  'login-token.ts',
  'did-presentation.ts',
  'passkey-shapes.ts',
  'request-signature.ts',
  'user-id.ts',
  'code-table.ts',
  'device-key.ts',
  'face-matcher.ts',
  'account-id.ts',
  'refusals.ts',
  'shapes.ts',
  'wallet-shapes.ts',
  'step-up.ts',
  'document-types.ts',
  'json-depth.ts',
  'error-table.ts',
  'public-key.ts',
  'account-token.ts',
]
