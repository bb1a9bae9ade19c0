import { newKey } from './accounts-world.ts'

/** What stands in every field of these tests that is refused; no answer and no line of a log may have it. */
export const canary = 'cAnArY5208'

export type Name = 'InvalidRequest' | 'InvalidPublicKey' | 'UnsupportedMethod' | 'UnsupportedChain'

export interface Route {
  readonly method: 'POST' | 'PUT'
  /** With ids of nobody in the place of parameters. */
  readonly path: string
  /** As the contract has it. */
  readonly route: string
  readonly body: object
  /** By field, values that are no good there, and the name of the refusal. `undefined` leaves the field out. */
  readonly bad: Readonly<Record<string, readonly [values: readonly unknown[], name: Name | readonly Name[]]>>
}

export const nobodys = '6f0c1f7e-3d1c-4a53-9f3c-1c8d6a3b2e10'
const long = (most: number) => canary.repeat(Math.ceil((most + 1) / canary.length))

export const { publicKey } = newKey()
const signature = 'ab'.repeat(64)

/** What no field of text takes. */
const noText = [null, 7, true, [canary], { canary }]
/** No UTF-8 has it; a reader sees nothing of it, or reads it backwards. */
const odd = [`${canary}\ud800`, `\udc00${canary}`]
const unseen = [...odd, `${canary}\u0000`, `a\n${canary}`, `${canary}\u001b[2J`, `\u202e${canary}`, `${canary}\u2066`]
const wide = (text: string) => text.replace(/\d/, (digit) => String.fromCodePoint(0xff10 + Number(digit)))

const methods = [undefined, ...noText, '', canary, 'Test', 'TEST', 'test ', 'te\u0455t', '__proto__', 'wallet']
const chains = [...noText, '', canary, 'Local', 'local ', 'l\u043ecal', 'constructor', 'local\u0000']
const keys = [
  undefined,
  ...noText,
  '',
  canary,
  publicKey.slice(1),
  `04${publicKey}`,
  `0x${publicKey}`,
  `${publicKey} `,
  wide(`0${publicKey.slice(1)}`),
  // No point of the curve.
  'ab'.repeat(64),
  '00'.repeat(64),
]
const ids = [
  undefined,
  ...noText,
  '',
  canary,
  `${nobodys}${canary}`,
  `{${nobodys}}`,
  nobodys.replaceAll('-', ''),
  wide(nobodys),
]
const signatures = [
  undefined,
  ...noText,
  '',
  canary,
  signature.slice(2),
  `${signature}00`,
  wide(`1${signature.slice(1)}`),
]
const objects = [undefined, null, 7, '', canary, [], [canary], {}]

const invalid = (values: readonly unknown[]) => [values, 'InvalidRequest'] as const
const login = { method: 'test', token: 'ann-of-the-fields', chainName: 'local' }
const badLogin = (at = '') => ({
  [`${at}method`]: [methods, 'UnsupportedMethod'] as const,
  [`${at}token`]: invalid([undefined, ...noText, '', long(16_384), ...odd]),
  [`${at}chainName`]: [chains, 'UnsupportedChain'] as const,
  [`${at}nonce`]: invalid([...noText, '', long(200), ...odd]),
  [`${at}codeVerifier`]: invalid([...noText, '', canary, `${canary.repeat(5)}!`, long(128), ...odd]),
  [`${at}redirectUri`]: invalid([...noText, '', `https://${canary}.example/a b`, long(2048), ...odd]),
})
const badDevice = (at: string) => ({
  [`${at}name`]: invalid([...noText, '', long(200), ...unseen]),
  [`${at}osName`]: invalid([...noText, long(50), ...unseen]),
  [`${at}deviceModel`]: invalid([...noText, '', long(200), ...unseen]),
  [`${at}pushToken`]: invalid([7, [canary], { canary }, long(4096), ...odd]),
  [`${at}type`]: invalid([...noText, '', canary, 'Mobile']),
})
const userKey = { type: 'device', publicKey, device: { name: 'a phone' } }
const badUserKey = (at = 'userKey') => ({
  [at]: invalid([...objects, { ...userKey, type: undefined }]),
  [`${at}.type`]: invalid([undefined, ...noText, '', canary, 'wallet', 'Device', 'recoveryKey']),
  [`${at}.publicKey`]: [keys, 'InvalidPublicKey'] as const,
  [`${at}.device`]: invalid([null, 7, canary, [canary]]),
  ...badDevice(`${at}.device.`),
})
const by = { publicKey, signature }
/** Where a signature may have two shapes, a bad key in it may be told as one that is neither. */
const keyOrRequest = ['InvalidPublicKey', 'InvalidRequest'] as const
const badCall = {
  chainName: invalid(chains),
  call: invalid([undefined, null, 7, canary, [canary]]),
  deadline: invalid(['1', 1.5, null, [1], 2 ** 60]),
  signatures: invalid([undefined, null, canary, [], {}, [canary], [by, by, by, by, by], [{ ...by, more: canary }]]),
  'signatures.0.publicKey': [keys, keyOrRequest] as const,
  'signatures.0.signature': invalid(signatures),
}
const challengeData = 'ab'.repeat(32)
const respond = '/auth/v1/signin/challenge/respond'
const badData = invalid([
  undefined,
  ...noText,
  '',
  canary,
  challengeData.toUpperCase(),
  `${challengeData}ab`,
  wide(`0${challengeData.slice(1)}`),
])
const passKey = { credentialId: 'AAAA', authenticatorData: 'AAAA', clientDataJSON: 'AAAA', signature: 'AAAA' }
const notBase64 = invalid([undefined, ...noText, '', 'AA==', `${canary}!`, 'AA AA', 'AA\n', long(20_000)])
const registration = {
  id: 'AQIDBA',
  rawId: 'AQIDBA',
  type: 'public-key',
  response: { attestationObject: 'AAAA', clientDataJSON: 'AAAA' },
}
const hex = invalid([undefined, ...noText, '', canary, 'abc', '0xab', wide('0b'), 'ab'.repeat(32_769)])

const post = (path: string, rest: Pick<Route, 'body' | 'bad'> & { readonly route?: string }): Route => ({
  method: 'POST',
  path,
  route: path,
  ...rest,
})

/** Every endpoint that takes a body. */
export const routes: readonly Route[] = [
  post('/auth/v1/signup', { body: { ...login, userKey }, bad: { ...badLogin(), ...badUserKey() } }),
  post('/auth/v1/signup', {
    body: { ...login, userKey: { type: 'passkey', publicKey, registration } },
    bad: {
      'userKey.registration': invalid([...noText, '', {}, { ...registration, rawId: 'AQID' }]),
      'userKey.registration.id': notBase64,
      'userKey.registration.type': invalid([undefined, ...noText, '', canary, 'Public-Key']),
      'userKey.registration.response': invalid([undefined, ...noText, '', {}]),
      'userKey.registration.response.attestationObject': notBase64,
      'userKey.registration.response.clientDataJSON': notBase64,
    },
  }),
  post('/auth/v1/signin/challenge', {
    body: { challengeType: 'deviceKey', request: login, publicKey },
    bad: {
      challengeType: invalid([undefined, ...noText, '', canary, 'devicekey', 'wallet']),
      request: invalid([undefined, null, 7, canary, [canary]]),
      ...badLogin('request.'),
      publicKey: [keys, 'InvalidPublicKey'],
    },
  }),
  post(respond, {
    body: { challengeType: 'deviceKey', challengeData, deviceKey: { signature } },
    bad: {
      challengeType: invalid([undefined, ...noText, '', canary, 'passKey', 'recoveryKey']),
      challengeData: badData,
      deviceKey: invalid(objects),
      'deviceKey.signature': invalid(signatures),
    },
  }),
  post(respond, {
    body: { challengeType: 'passKey', challengeData, passKey },
    bad: {
      passKey: invalid(objects),
      'passKey.authenticatorData': notBase64,
      'passKey.clientDataJSON': notBase64,
      'passKey.signature': notBase64,
    },
  }),
  post(respond, {
    body: { challengeType: 'recoveryKey', challengeData, recoveryKey: { signature, newDeviceKey: userKey } },
    bad: {
      recoveryKey: invalid(objects),
      'recoveryKey.signature': invalid(signatures),
      ...badUserKey('recoveryKey.newDeviceKey'),
    },
  }),
  post('/auth/v1/signin/2fa', {
    body: { request: login, userKey },
    bad: { request: invalid([undefined, null, 7, canary, [canary]]), ...badLogin('request.'), ...badUserKey() },
  }),
  post('/auth/v1/signin/2fa/finish', {
    body: { twoFactorAuthRequestId: nobodys },
    bad: { twoFactorAuthRequestId: invalid(ids) },
  }),
  post('/auth/v1/refresh', {
    body: { refreshToken: 'a.b.c' },
    bad: { refreshToken: invalid([undefined, ...noText, '', long(4096)]) },
  }),
  post('/account/v1/addresses', {
    body: { chainName: 'local' },
    bad: { chainName: [[undefined, ...chains], 'UnsupportedChain'] },
  }),
  {
    method: 'PUT',
    path: `/device/v1/devices/${publicKey}`,
    route: '/device/v1/devices/:publicKey',
    body: { name: 'a phone' },
    bad: badDevice(''),
  },
  {
    method: 'PUT',
    path: `/device/v1/2fa/${nobodys}`,
    route: '/device/v1/2fa/:id',
    body: { destDeviceId: nobodys },
    bad: { destDeviceId: invalid(ids) },
  },
  post(`/device/v1/2fa/${nobodys}/approve`, {
    route: '/device/v1/2fa/:id/approve',
    body: { txId: `0x${'ab'.repeat(32)}` },
    bad: {
      txId: invalid([
        undefined,
        ...noText,
        '',
        canary,
        'ab'.repeat(31),
        `0x0x${'ab'.repeat(31)}`,
        wide(`0${'ab'.repeat(31)}c`),
      ]),
    },
  }),
  post('/key/v1/recovery', {
    body: { recoveryKey: { publicKey, cloudKey: { accountName: 'a cloud' } } },
    bad: {
      recoveryKey: invalid([undefined, null, 7, canary, [canary]]),
      'recoveryKey.publicKey': [keys, 'InvalidPublicKey'],
      'recoveryKey.cloudKey': invalid(objects),
      'recoveryKey.cloudKey.accountName': invalid([undefined, ...noText, '', long(200), ...unseen]),
    },
  }),
  post('/sign/v1/cadence/transaction', { body: { message: 'ab' }, bad: { message: hex } }),
  post('/sign/v1/cadence/transaction/paymaster', { body: { message: 'ab' }, bad: { message: hex } }),
  post('/sign/v1/evm/transaction', {
    body: { chainName: 'local', call: {}, deadline: 1, signatures: [by] },
    bad: { ...badCall, chainName: [chains, 'UnsupportedChain'] },
  }),
  post('/auth/v1/recover/transaction', {
    body: { chainName: 'local', call: {}, deadline: 1, signatures: [by] },
    bad: badCall,
  }),
  post('/sign/v1/changes/describe', {
    body: { chainName: 'local', change: { kind: 'add-signer', publicKey } },
    bad: {
      chainName: [chains, 'UnsupportedChain'],
      change: invalid([undefined, null, 7, canary, [canary]]),
      'change.kind': invalid([undefined, ...noText, '', canary, 'other', 'call', 'Add-Signer']),
      'change.publicKey': [keys, 'InvalidPublicKey'],
    },
  }),
  post(`/sign/v1/changes/${nobodys}/approve`, {
    route: '/sign/v1/changes/:id/approve',
    body: { approval: by },
    bad: {
      approval: invalid([...objects, { ...by, more: canary }]),
      'approval.publicKey': [keys, keyOrRequest],
      'approval.signature': invalid(signatures),
    },
  }),
]

/** The body with another value at that place. */
export function withField(body: object, field: string, value: unknown): object {
  const copy = structuredClone(body) as Record<string, unknown>
  const steps = field.split('.')
  const last = steps.pop() ?? ''
  let at = copy
  for (const step of steps) at = at[step] as Record<string, unknown>
  at[last] = value
  return copy
}
