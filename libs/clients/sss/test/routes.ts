import { Secret } from '@strongroom/crypto'
import type { SssApi } from '../src/api/api.ts'
import { makePresentation } from '../src/did.ts'

export const seed = new Secret(new Uint8Array(32).fill(0xaa))
export const login = { authToken: new Secret('token-ann'), providerType: 'firebase' } as const
export const wallet = { ...login, presentation: makePresentation(seed) }
export const code = new Secret('123456')
const subscription = { endpoint: 'https://push.example/1', keys: { p256dh: 'k', auth: 'a' } }
export const fromToken = { authToken: 'token-ann', providerType: 'firebase' }

/** A call as it should be on the wire, the method that makes it, and the body that it should have. */
export type Route = readonly [call: string, ask: (api: SssApi) => Promise<unknown>, body: object | undefined]

const share = 'ab'.repeat(33)
const encryptedShare = { encryptedData: 'a', iv: 'b' }
const sealed = { encryptedPayload: '{}', approverDid: 'did:key:z6Mk' }
const sessionId = '00000000-0000-4000-8000-000000000000'
const digest = 'A'.repeat(43)
const named = { sessionId, shortCode: '12345678' }

export const routes: readonly Route[] = [
  [
    'POST /keys/auth-share',
    ({ keys }) => keys.readAuthShare(login, { shareVersion: 2 }),
    { ...fromToken, shareVersion: 2 },
  ],
  [
    'PUT /keys/auth-share',
    ({ keys }) =>
      keys.storeAuthShare(wallet, { authShare: new Secret(share), primaryDid: 'did', expectedShareVersion: 0 }),
    {
      ...fromToken,
      authShare: { encryptedData: share, encryptedDek: '', iv: '' },
      primaryDid: 'did',
      expectedShareVersion: 0,
    },
  ],
  [
    'POST /keys/recovery',
    ({ keys }) => keys.addRecovery(wallet, { type: 'passkey', credentialId: 'id', encryptedShare }),
    { ...fromToken, type: 'passkey', credentialId: 'id', encryptedShare },
  ],
  [
    'POST /keys/recovery-email/add',
    ({ keys }) => keys.addRecoveryEmail(wallet, 'r@example.com'),
    { ...fromToken, email: 'r@example.com' },
  ],
  [
    'POST /keys/recovery-email/verify',
    ({ keys }) => keys.verifyRecoveryEmail(wallet, code),
    { ...fromToken, code: '123456' },
  ],
  [
    'POST /keys/email-backup',
    ({ keys }) => keys.sendEmailBackup(login, new Secret(`0001${share}`), { email: 'a@example.com' }),
    { ...fromToken, emailShare: `0001${share}`, email: 'a@example.com' },
  ],
  [
    'POST /keys/upgrade-contact-method',
    ({ keys }) => keys.upgradeContact(login, { previousPhone: '+15550100000', email: 'a@example.com', code }),
    { ...fromToken, previousPhone: '+15550100000', email: 'a@example.com', code: '123456' },
  ],
  ['POST /keys/migrate', ({ keys }) => keys.markMigrated(wallet), fromToken],
  ['POST /keys/delete', ({ keys }) => keys.deleteKeys(wallet), fromToken],
  ['POST /keys/restore', ({ keys }) => keys.restore(wallet.presentation, { shareVersion: 1 }), { shareVersion: 1 }],
  ['POST /keys/start-over', ({ keys }) => keys.startOver(wallet), fromToken],
  ['DELETE /keys/start-over', ({ keys }) => keys.cancelStartOver(wallet.presentation), undefined],
  ['GET /challenges', ({ logins }) => logins.readChallenges(wallet.presentation), undefined],
  ['GET /health-check', ({ logins }) => logins.checkHealth(), undefined],
  [
    'POST /send-login-verification-code',
    ({ logins }) => logins.sendLoginCode({ email: 'a@example.com', locale: 'en' }),
    { email: 'a@example.com', locale: 'en' },
  ],
  [
    'POST /verify-login-code',
    ({ logins }) => logins.verifyLoginCode({ email: 'a@example.com', code }),
    { email: 'a@example.com', code: '123456' },
  ],
  [
    'POST /qr-login/session',
    ({ qrLogin }) => qrLogin.createSession({ publicKey: 'k', pollTokenDigest: digest }),
    { publicKey: 'k', pollTokenDigest: digest },
  ],
  [`GET /qr-login/session/${sessionId}`, ({ qrLogin }) => qrLogin.readSession(sessionId), undefined],
  [
    `POST /qr-login/session/${sessionId}/approve`,
    ({ qrLogin }) => qrLogin.approveSession({ sessionId, login, ...sealed }),
    { ...fromToken, ...sealed },
  ],
  ['POST /qr-login/notify', ({ qrLogin }) => qrLogin.notifyDevices(login, named), { ...fromToken, ...named }],
  [
    'POST /qr-login/devices',
    ({ qrLogin }) => qrLogin.registerDevice(login, { kind: 'fcm', token: new Secret('t') }),
    { ...fromToken, kind: 'fcm', token: 't' },
  ],
  [
    'DELETE /qr-login/devices',
    ({ qrLogin }) => qrLogin.removeDevice(login, { kind: 'web', subscription }),
    { ...fromToken, kind: 'web', subscription },
  ],
]
