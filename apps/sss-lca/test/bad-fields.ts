/** What stands in every field of these tests that is refused; no answer and no line of a log may have it. */
export const canary = 'cAnArY7391'

export interface Route {
  readonly name: string
  readonly method: 'POST' | 'PUT' | 'DELETE'
  /** Below `/api`. */
  readonly path: string
  /** What a good request has beside its proof. */
  readonly body: Readonly<Record<string, unknown>>
  /** Whether it takes a login in its body, a presentation in its header. */
  readonly login: boolean
  readonly did: boolean
  /** By field, values that are no good there. `undefined` leaves the field out. */
  readonly bad: Readonly<Record<string, readonly unknown[]>>
  /** How far a body may go, in bytes. */
  readonly limit?: number
}

const long = (most: number) => canary.repeat(Math.ceil((most + 1) / canary.length))
const halfPair = `${canary}\ud800`
const withNul = `${canary}\u0000`

export const badLogin = {
  authToken: [undefined, null, 7, '', { canary }, [canary], long(16_384), halfPair],
  providerType: [undefined, null, 7, canary, 'Firebase', ['firebase']],
}
const versions = [null, canary, '', '0', 0, -1, 1.5, '1.5', '1e3', ' 1', true, [1], 2_147_483_648, '99999999999']
const contactMethod = [
  null,
  canary,
  {},
  { type: canary, value: canary },
  { type: 'email' },
  { type: 'phone', value: '' },
  { type: 'email', value: 7 },
  { type: 'email', value: long(320) },
  { type: 'email', value: halfPair },
]
const emails = [
  null,
  7,
  '',
  canary,
  `${canary}@`,
  `${canary}@x`,
  `${canary} @example.com`,
  `${canary}@example.com\r\nBcc: x@example.com`,
  `"${canary}" <x@example.com>`,
  `${long(254)}@example.com`,
  [`${canary}@example.com`],
]
const codes = [undefined, null, 123_456, '', '12345', '1234567', long(6), ['123456'], '\ud80012345']
const part = (most: number) => [undefined, null, 7, { canary }, long(most)]
const authShare = { encryptedData: 'ab', encryptedDek: '', iv: '' }
const partsOf = (good: object, most: number) =>
  Object.keys(good).flatMap((name) => part(most).map((value) => ({ ...good, [name]: value })))

const share = `0001${'ab'.repeat(33)}`
const email = 'nobody@example.com'
const digest = Buffer.alloc(32).toString('base64url')
const post = { method: 'POST', login: true, did: false } as const
const signed = { ...post, did: true }
const open = { ...post, login: false }

const keyRoutes: readonly Route[] = [
  {
    ...post,
    name: 'keys.getAuthShare',
    path: '/keys/auth-share',
    body: {},
    bad: { shareVersion: versions, contactMethod },
    limit: 65_536,
  },
  {
    ...signed,
    name: 'keys.storeAuthShare',
    method: 'PUT',
    path: '/keys/auth-share',
    body: { authShare },
    bad: {
      authShare: [undefined, null, canary, [], {}, { ...authShare, encryptedData: '' }, ...partsOf(authShare, 8192)],
      securityLevel: [null, 7, canary, 'BASIC'],
      keyProvider: [null, 7, canary],
      primaryDid: [null, 7, long(8192)],
      expectedShareVersion: [null, canary, '', -1, 1.5, 2_147_483_648],
      contactMethod,
    },
    limit: 65_536,
  },
  {
    ...signed,
    name: 'keys.addRecoveryMethod',
    path: '/keys/recovery',
    body: { type: 'passkey' },
    bad: {
      type: [undefined, null, 7, canary, 'Passkey', ['passkey']],
      encryptedShare: [
        null,
        7,
        '',
        [],
        {},
        { encryptedData: '', iv: '' },
        ...partsOf({ encryptedData: 'a', iv: 'b' }, 16_384),
      ],
      credentialId: [null, 7, '', long(2048), withNul, halfPair],
      shareVersion: versions,
      contactMethod,
    },
    limit: 65_536,
  },
  {
    ...signed,
    name: 'keys.addRecoveryEmail',
    path: '/keys/recovery-email/add',
    body: { email },
    bad: { email: [undefined, ...emails], contactMethod },
  },
  {
    ...signed,
    name: 'keys.verifyRecoveryEmail',
    path: '/keys/recovery-email/verify',
    body: { code: '123456' },
    bad: { code: codes, contactMethod },
  },
  {
    ...post,
    name: 'keys.emailBackup',
    path: '/keys/email-backup',
    body: { emailShare: share, email },
    bad: {
      emailShare: [undefined, null, 7, '', canary, share.slice(1), `${share}0`, share.replace('a', 'g'), `${share}\n`],
      encryptedShare: [null, canary, share],
      email: emails,
      useRecoveryEmail: [null, 'true', 1, canary],
      contactMethod,
    },
  },
  {
    ...post,
    name: 'keys.upgradeContactMethod',
    path: '/keys/upgrade-contact-method',
    body: { previousPhone: '+4915112345678', email, code: '123456' },
    bad: {
      previousPhone: [undefined, null, 7, '', long(32), halfPair],
      oldContactMethod: [null, canary, { type: 'email', value: email }, { type: 'phone', value: '+4915112345678' }],
      email: [undefined, ...emails],
      newContactMethod: [null, canary, { type: 'phone', value: canary }, { type: 'email', value: email }],
      code: codes,
    },
  },
  { ...post, name: 'keys.markMigrated', path: '/keys/migrate', body: {}, bad: { contactMethod } },
  { ...signed, name: 'keys.deleteUserKey', path: '/keys/delete', body: {}, bad: { contactMethod } },
  {
    ...open,
    name: 'keys.restoreUserKey',
    path: '/keys/restore',
    did: true,
    body: {},
    bad: { shareVersion: versions, contactMethod },
  },
  { ...signed, name: 'keys.startOver', path: '/keys/start-over', body: {}, bad: { contactMethod } },
  {
    ...open,
    name: 'firebase.sendLoginVerificationCode',
    path: '/send-login-verification-code',
    body: { email },
    bad: { email: [undefined, ...emails], locale: [null, 7, long(35)] },
  },
  {
    ...open,
    name: 'firebase.verifyLoginCode',
    path: '/verify-login-code',
    body: { email, code: '123456' },
    bad: { email: [undefined, ...emails], code: codes },
  },
]

const nowhere = '/qr-login/session/00000000-0000-4000-8000-000000000000/approve'
const keys = { p256dh: 'x', auth: 'y' }
const subscription = { endpoint: 'https://fcm.googleapis.com/x', keys }
const device = {
  body: { kind: 'fcm', token: 'a-token' },
  bad: {
    kind: [undefined, null, 7, canary, 'web'],
    token: [undefined, null, 7, '', long(4096), withNul, halfPair],
  },
}
const browser = {
  body: { kind: 'web', subscription },
  bad: {
    subscription: [
      undefined,
      canary,
      {},
      { ...subscription, endpoint: long(2048) },
      { ...subscription, endpoint: withNul },
      { ...subscription, keys: canary },
      { ...subscription, keys: { ...keys, auth: long(64) } },
    ],
  },
}

const relayRoutes: readonly Route[] = [
  {
    ...open,
    name: 'qrLogin.createSession',
    path: '/qr-login/session',
    body: { publicKey: 'key' },
    bad: {
      publicKey: [undefined, null, 7, '', [canary], long(512), withNul, halfPair],
      pollTokenDigest: [null, 7, '', canary, `${digest}A`, `${digest}=`],
    },
  },
  {
    ...post,
    name: 'qrLogin.approveSession',
    path: nowhere,
    body: { encryptedPayload: 'sealed' },
    bad: {
      encryptedPayload: [undefined, null, 7, '', { canary }, long(8192), withNul, halfPair],
      approverDid: [null, 7, '', canary, `did:${long(2048)}`, `did:${withNul}`],
    },
  },
  {
    ...post,
    name: 'qrLogin.notify',
    path: '/qr-login/notify',
    body: { sessionId: 'x', shortCode: '12345678' },
    bad: { sessionId: [undefined, null, 7, [canary]], shortCode: [undefined, null, 12_345_678, { canary }] },
  },
  { ...post, name: 'qrLogin.registerDevice', path: '/qr-login/devices', ...device },
  { ...post, name: 'qrLogin.registerDevice', path: '/qr-login/devices', ...browser },
  { ...post, name: 'qrLogin.removeDevice', method: 'DELETE', path: '/qr-login/devices', ...device },
]

/** Every route that takes a body. */
export const routes: readonly Route[] = [...keyRoutes, ...relayRoutes]
