import { pushDoors } from '@strongroom/notify'
import type { ValuesOf } from '@strongroom/service'
import { servedChains } from './chains.ts'
import type { settings } from './settings.ts'

type Values = ValuesOf<typeof settings>

const isClear = (url: string | undefined): boolean => url !== undefined && new URL(url).protocol !== 'https:'

/** What only development may do, a sentence each. */
export const doorsOf = (values: Values): readonly string[] => [
  ...(values.ACCOUNTS_TEST_LOGIN === 'on'
    ? ['ACCOUNTS_TEST_LOGIN=on lets everybody in as whoever they say they are: unset it.']
    : []),
  ...clearNames(values).map((name) => `${name} is not https: anybody on the way speaks for it.`),
  ...nodesInClear(values).map(
    (name) => `The node of ${name} is asked without https, elsewhere: anybody on the way speaks for it.`,
  ),
  ...pushDoors(values),
]

const urls = [
  'PUBLIC_URL',
  'FIREBASE_ISSUER',
  'FIREBASE_KEYS_URL',
  'OAUTH_TOKEN_URL',
  'OAUTH_ISSUER',
  'APPLE_ISSUER',
  'APPLE_KEYS_URL',
] as const

const clearNames = (values: Values): readonly string[] => urls.filter((name) => isClear(values[name]))

const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/

/** One on this machine may be asked in clear. */
const nodesInClear = ({ CHAINS: chains }: Values): readonly string[] =>
  Object.entries(chains).flatMap(([name, chain]) => {
    const url = chain && ('rpcUrl' in chain ? chain.rpcUrl : chain.accessUrl)
    return url !== undefined && isClear(url) && !loopback.test(new URL(url).hostname) ? [name] : []
  })

/** What whoever runs it should know, told at each start. */
export function warningsOf(values: Values): readonly string[] {
  const { names } = servedChains(values)
  const served: readonly string[] = names
  return [
    ...(names.length === 0 ? ['CHAINS is not set: nobody can sign up'] : []),
    ...(names.length > 0 && !served.includes(values.DEFAULT_CHAIN)
      ? ['DEFAULT_CHAIN is not among CHAINS: a request that names no chain is refused']
      : []),
    ...(values.FIREBASE_PROJECT_ID === undefined &&
    values.APPLE_CLIENT_IDS.length === 0 &&
    values.ACCOUNTS_TEST_LOGIN === 'off'
      ? ['no login provider is configured: nobody can sign in']
      : []),
    ...(values.FCM_SERVICE_ACCOUNT === undefined
      ? ['FCM_SERVICE_ACCOUNT is not set: no device is told of a sign-in, a change or a recovery']
      : []),
    ...(values.PASSKEY_RP_ID === undefined ? ['PASSKEY_RP_ID is not set: no passkey signs in'] : []),
  ]
}
