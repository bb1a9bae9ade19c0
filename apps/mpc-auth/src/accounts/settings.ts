import { pushSettings } from '@strongroom/notify'
import { chainsSetting } from '@strongroom/chains'
import { ChainName } from '@strongroom/chain-accounts'
import { optionalSecret, setting, whole } from '@strongroom/service'
import { z } from 'zod'
import { apiSettings } from '../apis.ts'

const text = z.string().min(1).optional()
const list = z
  .string()
  .default('')
  .transform((names) =>
    names
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  )
const url = z.url({ protocol: /^https?$/ })

export const settings = {
  ...apiSettings,
  // A URL of a node may hold the key of its provider.
  CHAINS: {
    ...setting(
      z.string().default('{}').pipe(chainsSetting),
      'The chains that are served, by name, as JSON (`docs/accounts.md`); a name that is not there is unsupported.',
      'none',
    ),
    secret: true,
  },
  DEFAULT_CHAIN: setting(ChainName.default('flow-mainnet'), 'The chain of requests that name none.', '`flow-mainnet`'),
  PUBLIC_URL: setting(url, 'Where this API is reached from outside; our own tokens name it as their issuer.'),
  ACCOUNTS_TEST_LOGIN: setting(
    z.enum(['on', 'off']).default('off'),
    'Development only. `on`: the login method `test` believes whoever says who they are.',
    '`off`',
  ),
  FIREBASE_PROJECT_ID: setting(
    text,
    'Firebase project whose ID tokens are accepted; without it `firebase` is unsupported.',
    'none',
  ),
  FIREBASE_ISSUER: setting(text, 'Issuer of those tokens, where it is not Google’s.', 'Google’s'),
  FIREBASE_KEYS_URL: setting(text, 'Where the keys of that issuer are.', 'Google’s'),
  OAUTH_TOKEN_URL: setting(
    text,
    'Token endpoint at which redirect codes are exchanged; without it codes are refused.',
    'none',
  ),
  OAUTH_ISSUER: setting(text, 'Issuer of the ID tokens that it answers.', 'none'),
  OAUTH_CLIENT_ID: setting(text, 'Our client id there.', 'none'),
  OAUTH_CLIENT_SECRET: optionalSecret('Our secret there.'),
  OAUTH_REDIRECT_URI: setting(
    list,
    'The redirect URIs that apps ask for codes with, comma-separated; where there are several, a login names its own.',
    'none',
  ),
  APPLE_CLIENT_IDS: setting(
    list,
    'Bundle and services ids whose tokens are accepted, comma-separated; without it `apple` is unsupported.',
    'none',
  ),
  APPLE_ISSUER: setting(text, 'Issuer of those tokens, where it is not Apple’s.', 'Apple’s'),
  APPLE_KEYS_URL: setting(text, 'Where the keys of that issuer are.', 'Apple’s'),
  APPLE_NONCE: setting(
    z.enum(['unchecked', 'plain', 'sha256']).default('unchecked'),
    'How apps have Apple write the nonce of a request; `unchecked`: one may be left out.',
    '`unchecked`',
  ),
  PASSKEY_RP_ID: setting(
    text,
    'The domain that passkeys belong to; without it none signs in or is registered.',
    'none',
  ),
  PASSKEY_ORIGINS: setting(
    list,
    'Pages and apps that may use them, exactly as browsers name them, comma-separated.',
    'none',
  ),
  REQUESTS_PER_ACCOUNT: setting(
    whole(1, 1_000_000).default(120),
    'Requests of one login or caller in a minute, in each process.',
    '`120`',
  ),
  LOGINS_PER_ADDRESS: setting(
    whole(1, 1_000_000).default(600),
    'Logins, answers to challenges, and passkeys to be made, from one network address in a minute, in each process, judged or not.',
    '`600`',
  ),
  ...pushSettings,
}
