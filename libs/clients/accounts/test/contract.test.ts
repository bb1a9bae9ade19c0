import * as chainAccounts from '@strongroom/chain-accounts/contract'
import { expect, test } from 'vitest'
import { accountApi } from '../src/api/account.ts'
import { approvalsApi, lookAtTwoFactor } from '../src/api/approvals.ts'
import { authApi } from '../src/api/auth.ts'
import type { Call, Transport } from '../src/api/transport.ts'

interface Shape {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown; readonly error?: unknown }
  readonly shape?: Readonly<Record<string, unknown>>
}

interface Endpoint {
  readonly method: string
  readonly path: string
  readonly body?: Shape
  readonly query?: Shape
  readonly params?: Shape
  readonly reply: Readonly<Record<number, Shape>>
}

const isEndpoint = (value: unknown): value is Endpoint =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value
const endpoints = (Object.values(chainAccounts) as readonly unknown[]).filter(isEndpoint)

const patternOf = ({ path }: Endpoint) => new RegExp(`^${path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
const endpointOf = ({ method, path }: Call) =>
  endpoints.find((one) => one.method === method && patternOf(one).test(pathOf(path)))
const pathOf = (path: string): string => path.split('?')[0] ?? ''

// RFC 6979's, A.2.5: a point on the curve.
const publicKey =
  '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299'
const signature = '11'.repeat(64)
const challenge = '00'.repeat(32)
const id = '0b5a1c5e-8c5f-4f0e-9d53-3a1f0f6d9a11'
const login = { method: 'test', token: 'ann', chainName: 'local' } as const
const device = {
  pushToken: 'a token',
  name: 'Phone',
  osName: 'iOS',
  osVersion: '26',
  deviceManufacturer: 'of the tests',
  deviceModel: 'one',
  sdkVersion: '1',
  lang: 'en',
  type: 'mobile',
} as const
const newKey = { type: 'device', publicKey, device } as const
const codeLogin = {
  method: 'firebase',
  token: 'a code',
  nonce: 'drawn by the app',
  codeVerifier: 'v'.repeat(43),
  redirectUri: 'https://wallet.example.com/callback',
} as const
const registration = {
  id: 'AQI',
  rawId: 'AQI',
  type: 'public-key',
  response: { clientDataJSON: 'e30', attestationObject: 'A'.repeat(200) },
  clientExtensionResults: {},
} as const
const newPasskey = { type: 'passkey', publicKey, passKey: { platform: 'web' }, registration, device } as const
const passKey = {
  credentialId: 'AQI',
  authenticatorData: 'A'.repeat(50),
  clientDataJSON: 'e30',
  signature: 'MAYCAQECAQE',
  userHandle: 'AQ',
}
const byKey = { publicKey, signature }
const byPasskey = { publicKey, passKey }
const request = { chainName: 'local', call: { evm: {} }, signatures: [byKey, byPasskey] } as const

type Ask = (transport: Transport) => Promise<unknown>
const routes: readonly (readonly [name: string, ask: Ask])[] = [
  ['signUp', (transport) => authApi(transport).signUp(login, newKey)],
  ['signUp by passkey', (transport) => authApi(transport).signUp(login, newPasskey)],
  ['signUp by a redirect code', (transport) => authApi(transport).signUp(codeLogin, newKey)],
  ['passkeyOptions', (transport) => authApi(transport).passkeyOptions()],
  ['ownPasskeyOptions', (transport) => accountApi(transport).ownPasskeyOptions()],
  ['beginSignIn', (transport) => authApi(transport).beginSignIn('deviceKey', login, publicKey)],
  [
    'finishSignIn by device key',
    (transport) => authApi(transport).finishSignIn(challenge, { challengeType: 'deviceKey', deviceKey: { signature } }),
  ],
  [
    'finishSignIn by passkey',
    (transport) => authApi(transport).finishSignIn(challenge, { challengeType: 'passKey', passKey }),
  ],
  [
    'finishSignIn by recovery key',
    (transport) =>
      authApi(transport).finishSignIn(challenge, {
        challengeType: 'recoveryKey',
        recoveryKey: { signature, newDeviceKey: newKey },
      }),
  ],
  ['refresh', (transport) => authApi(transport).refresh('a token')],
  ['beginTwoFactor', (transport) => authApi(transport).beginTwoFactor(login, newKey)],
  ['resendTwoFactor', (transport) => authApi(transport).resendTwoFactor('token', { id, destDeviceId: id })],
  ['finishTwoFactor', (transport) => authApi(transport).finishTwoFactor('token', id)],
  ['recover', (transport) => authApi(transport).recover('token')],
  ['describeRecovery', (transport) => authApi(transport).describeRecovery('token')],
  ['describeRecovery of a lost device', (transport) => authApi(transport).describeRecovery('token', publicKey)],
  ['sendRecovery', (transport) => authApi(transport).sendRecovery('token', request)],
  ['me', (transport) => accountApi(transport).me()],
  ['deployElsewhere', (transport) => accountApi(transport).deployElsewhere('polygon-amoy')],
  ['listDevices', (transport) => accountApi(transport).listDevices()],
  ['changeDevice', (transport) => accountApi(transport).changeDevice(publicKey, device)],
  ['listKeys', (transport) => accountApi(transport).listKeys()],
  ['listKeys of all', (transport) => accountApi(transport).listKeys('all')],
  ['forgetKey', (transport) => accountApi(transport).forgetKey(publicKey)],
  ['registerRecoveryKey', (transport) => accountApi(transport).registerRecoveryKey(publicKey, 'iCloud')],
  ['listRecoveries', (transport) => accountApi(transport).listRecoveries()],
  ['cancelRecovery', (transport) => accountApi(transport).cancelRecovery(id)],
  ['lookAtTwoFactor', (transport) => lookAtTwoFactor(transport, { id })],
  ['denyTwoFactor', (transport) => approvalsApi(transport).denyTwoFactor(id)],
  ['approveTwoFactor', (transport) => approvalsApi(transport).approveTwoFactor(id, `0x${challenge}`)],
  ['signEvm', (transport) => approvalsApi(transport).signEvm(request)],
  ['relayed', (transport) => approvalsApi(transport).relayed(id)],
  ['describeChange', (transport) => approvalsApi(transport).describeChange({ kind: 'add-signer', publicKey }, 'local')],
  ['listChanges', (transport) => approvalsApi(transport).listChanges()],
  ['approveChange', (transport) => approvalsApi(transport).approveChange(id, byKey)],
  ['approveChange by passkey', (transport) => approvalsApi(transport).approveChange(id, byPasskey)],
  ['cancelChange', (transport) => approvalsApi(transport).cancelChange(id)],
]

async function callOf(ask: Ask): Promise<Call> {
  const asked: Call[] = []
  const send = (call: Call) => {
    asked.push(call)
    return Promise.resolve({} as never)
  }
  await ask({ send })
  const [call, ...more] = asked
  if (!call || more.length > 0) throw new Error('it asks once')
  return call
}

/** Whether the shape takes all of it: what it does not know it would drop in silence. */
const taken = (shape: Shape | undefined, value: unknown) => (shape ? shape.safeParse(value) : undefined)?.data

test.each(routes)('the server takes %s as it is sent, to the last field', async (_, ask) => {
  const call = await callOf(ask)
  const endpoint = endpointOf(call)
  expect(endpoint).toBeDefined()
  expect(taken(endpoint?.body, call.body)).toEqual(call.body)
  const query = Object.fromEntries(new URL(call.path, 'http://localhost').searchParams)
  expect(taken(endpoint?.query, query) ?? {}).toEqual(query)
  const params = { ...patternOf(endpoint as Endpoint).exec(pathOf(call.path))?.groups }
  expect(taken(endpoint?.params, params) ?? {}).toEqual(params)
})

test.each(routes)('what %s waits for is in every good answer', async (_, ask) => {
  const { fields, ...call } = await callOf(ask)
  const reply = endpointOf({ ...call, fields: {} })?.reply ?? {}
  // Without fields it waits for an answer without a body, and for nothing else.
  expect(Object.keys(reply).includes('204')).toBe(fields === undefined)
  for (const shape of fields ? Object.values(reply) : [])
    expect(Object.keys(shape.shape ?? {})).toEqual(expect.arrayContaining(Object.keys(fields ?? {})))
})

/** Flow is not served by this client, and whoever checks tokens is no client of accounts. */
const leftOut = ['/.well-known/jwks.json', '/sign/v1/cadence', '/sign/v1/cadence/transaction']

test('no endpoint is left out but those that are named', async () => {
  const asked = new Set(await Promise.all(routes.map(async ([, ask]) => endpointOf(await callOf(ask)))))
  const missing = endpoints.filter((one) => !asked.has(one)).map(({ path }) => path)
  expect(missing.toSorted()).toEqual([...leftOut, '/sign/v1/cadence/transaction/paymaster'].toSorted())
})
