import { Secret } from '@strongroom/crypto'
import type { IdentityApi } from '../src/api/api.ts'
import { newSeed, signerOf } from '../src/signer.ts'

export const signer = signerOf(newSeed((bytes) => new Uint8Array(bytes).fill(7)))
export const walletId = 'ab'.repeat(32)
export const owner = { id: new Secret(walletId), accountId: signer.keyId, signer }
const token = '4402502ad8d4c80d06d28e988071aabe082afea1'
const passwordFactor = { accountId: 'GFACTOR', salt: 'c2FsdA==', keychainData: 'ZmFjdG9y' }
const sealed = {
  id: new Secret('cd'.repeat(32)),
  email: 'Ann@example.com',
  accountId: 'GNEW',
  kdfVersion: 2,
  salt: 'c2FsdDE=',
  keychainData: 'a2V5cw==',
  passwordFactor,
}
const signers = [{ id: 'GNEW', roleId: 3, weight: 1000, identity: 1 }]
const demand = {
  factorId: '7',
  factorType: 'totp',
  walletId: owner.id,
  token: new Secret(token),
}

const passwordOnWire = {
  type: 'password',
  id: 'cd'.repeat(32),
  attributes: { account_id: 'GFACTOR', salt: 'c2FsdA==', keychain_data: 'ZmFjdG9y' },
}
const walletOnWire = (type: string, attributes: object, relationships: object) => ({
  type,
  id: 'cd'.repeat(32),
  attributes: {
    email: 'Ann@example.com',
    account_id: 'GNEW',
    salt: 'c2FsdDE=',
    keychain_data: 'a2V5cw==',
    ...attributes,
  },
  relationships: {
    kdf: { data: { type: 'kdf', id: 2 } },
    factor: { data: { type: 'password', id: 'cd'.repeat(32) } },
    ...relationships,
  },
})

/** A call as it should be on the wire, the method that makes it, who signs it, and the body that it should have. */
export type Route = readonly [
  call: string,
  ask: (api: IdentityApi) => Promise<unknown>,
  sent: { readonly by: 'nobody' | 'owner'; readonly body?: object },
]

const wallet = `/wallets/${walletId}`

export const routes: readonly Route[] = [
  ['GET /kdf', (api) => api.kdf(), { by: 'nobody' }],
  ['GET /kdf?email=a%2Bb%40example.com', (api) => api.kdf({ email: 'a+b@example.com' }), { by: 'nobody' }],
  ['GET /kdf?email=a&is_recovery=true', (api) => api.kdf({ email: 'a', isRecovery: true }), { by: 'nobody' }],
  [
    'POST /wallets',
    (api) => api.createWallet({ ...sealed, signers, verificationCode: new Secret('Q916'), referrer: 'GFRIEND' }),
    {
      by: 'nobody',
      body: {
        data: walletOnWire(
          'wallet',
          { verification_code: 'Q916' },
          {
            signers: { data: [{ type: 'signer', id: 'GNEW' }] },
            referrer: { data: { type: 'referrer', id: 'GFRIEND' } },
          },
        ),
        included: [
          passwordOnWire,
          { type: 'signer', id: 'GNEW', attributes: { role_id: 3, weight: 1000, identity: 1 } },
        ],
      },
    },
  ],
  [`GET ${wallet}`, (api) => api.getWallet(owner.id), { by: 'nobody' }],
  [`POST ${wallet}/verification`, (api) => api.resendVerification(owner.id), { by: 'nobody', body: {} }],
  [
    `PUT ${wallet}/verification`,
    (api) => api.verifyWallet({ walletId: owner.id, token: new Secret('JOqI') }),
    { by: 'nobody', body: { data: { type: 'wallet_verification', attributes: { token: 'JOqI' } } } },
  ],
  [
    `PUT ${wallet}`,
    (api) => api.updateWallet({ by: owner, walletId: owner.id }, sealed, 'AAAA'),
    {
      by: 'owner',
      body: {
        data: walletOnWire('wallet', {}, { transaction: { data: { type: 'transaction', id: '1' } } }),
        included: [passwordOnWire, { type: 'transaction', id: '1', attributes: { envelope: 'AAAA' } }],
      },
    },
  ],
  [
    `PUT /wallets/${'cd'.repeat(32)}`,
    (api) => api.kycRecovery(owner, sealed),
    {
      by: 'owner',
      body: {
        data: walletOnWire('recovery-wallet', {}, { signer: { data: { type: 'signer', id: 'GNEW' } } }),
        included: [passwordOnWire],
      },
    },
  ],
  [
    `POST ${wallet}`,
    (api) => api.changeEmail(owner.id, sealed),
    { by: 'nobody', body: { data: walletOnWire('wallet', {}, {}), included: [passwordOnWire] } },
  ],
  [`GET ${wallet}/factors`, (api) => api.factors.list(owner), { by: 'owner' }],
  [`POST ${wallet}/factors`, (api) => api.factors.createTotp(owner), { by: 'owner', body: { data: { type: 'totp' } } }],
  [
    `PATCH ${wallet}/factors/7`,
    (api) => api.factors.setPriority(owner, '7', 0),
    { by: 'owner', body: { data: { id: '7', attributes: { priority: 0 } } } },
  ],
  [`DELETE ${wallet}/factors/7`, (api) => api.factors.delete(owner, '7'), { by: 'owner' }],
  [
    `PUT ${wallet}/factors/7/verification`,
    (api) => api.factors.verify(demand, new Secret('012345')),
    { by: 'nobody', body: { data: { type: 'factor_verification', attributes: { token, otp: '012345' } } } },
  ],
  ['GET /sessions/01D78X', (api) => api.getSession(new Secret('01D78X')), { by: 'nobody' }],
  ['GET /v3/key_values/signer_role:default', (api) => api.defaultSignerRole(), { by: 'nobody' }],
  [
    'GET /identities?filter[identifier]=%2B380&page[limit]=1',
    (api) =>
      api.ask({
        method: 'GET',
        path: '/identities',
        query: { 'filter[identifier]': '+380', 'page[limit]': 1 },
        by: owner,
      }),
    { by: 'owner' },
  ],
  [
    'DELETE /invites',
    (api) => api.ask({ method: 'DELETE', path: '/invites', body: { data: [{ type: 'invite', id: '1' }] }, by: owner }),
    { by: 'owner', body: { data: [{ type: 'invite', id: '1' }] } },
  ],
]
