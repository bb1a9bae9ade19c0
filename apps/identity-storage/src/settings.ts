import { usualPolicies } from '@strongroom/identity'
import { notifySettings } from '@strongroom/notify'
import { readAccountKey } from '@strongroom/proofs'
import { setting, whole } from '@strongroom/service'
import { z } from 'zod'

const MINUTE = 60
const DAY = 86_400
const HOUR = 3600

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  )

const accountKey = z.string().refine((text) => readAccountKey(text) !== undefined, 'is no account key')

export const settings = {
  LEDGER_NETWORK_PASSPHRASE: setting(
    z.string().min(1).default('Strongroom Local Network'),
    'Names the network that transactions are signed for. Never change it.',
    '`Strongroom Local Network`',
  ),
  LEDGER_MASTER_ACCOUNT: setting(accountKey, 'The account whose signers are administrators: `G…`.'),
  LEDGER_ADMIN_KEYS: setting(
    list.pipe(z.array(accountKey)),
    'Keys that sign for it, comma-separated: `G…`. No row of the database makes an administrator.',
    'none',
  ),
  SIGNATURES: setting(
    z.enum(['compat', 'strict']).default('compat'),
    '`compat`: the target of a request is signed, as published clients do; such a signature is good again for its path. `strict`: target, date and digest, and each signature once.',
    '`compat`',
  ),
  LEGACY_SIGNATURES: setting(
    z.enum(['accepted', 'refused']).default('refused'),
    'Whether the first version’s `X-AuthSignature` is good as well. It covers no method.',
    '`refused`',
  ),
  GATEWAY_PREFIX: setting(
    z
      .string()
      .regex(/^(\/[\w.~-]+)+$/)
      .optional(),
    'What a gateway in front takes off the path before it comes here: `/_/api`. `real-request-target` may then name it.',
    'none',
  ),
  EMAIL_VERIFICATION: setting(
    z.enum(['required', 'off']).default('required'),
    '`off`: a wallet opens before its address was verified.',
    '`required`',
  ),
  CLIENT_ROUTER_URL: setting(
    z.url({ protocol: /^https?$/ }),
    'The web client that links in mails lead to; the payload is put behind it: `https://wallet.example.com/r`.',
  ),
  CLIENT_DOMAINS: setting(
    list,
    'Hosts that an account may choose as its `client_domain`, for links in its mails, comma-separated.',
    'none',
  ),
  REFUSED_EMAIL_DOMAINS: setting(list, 'Domains whose addresses get no wallet, comma-separated.', 'none'),
  TOTP_ISSUER: setting(
    z
      .string()
      .regex(/^[^:\p{C}]{1,64}$/u)
      .default(usualPolicies.factors.issuer),
    'What authenticator apps call this service.',
    `\`${usualPolicies.factors.issuer}\``,
  ),
  SESSION_MINUTES: setting(
    whole(1, 1440).default(usualPolicies.sessionLifetime / MINUTE),
    'Minutes that a session lasts after it was last read.',
    `\`${String(usualPolicies.sessionLifetime / MINUTE)}\``,
  ),
  UNVERIFIED_HOURS: setting(
    whole(1, 8760).default(usualPolicies.unverifiedKept / HOUR),
    'Hours that a wallet, or a new address, waits to be verified.',
    `\`${String(usualPolicies.unverifiedKept / HOUR)}\``,
  ),
  HOLD_DAYS: setting(
    whole(1, 365).default(usualPolicies.hold / DAY),
    'Days in which the old key brings back what a KYC recovery replaced.',
    `\`${String(usualPolicies.hold / DAY)}\``,
  ),
  CREATIONS_PER_ADDRESS: setting(
    whole(1, 1_000_000).default(20),
    'Wallets that one address makes in an hour, in each process.',
    '`20`',
  ),
  LOOKUPS_PER_ADDRESS: setting(
    whole(1, 1_000_000).default(30),
    'E-mail addresses that one address asks for in a minute, in each process.',
    '`30`',
  ),
  ATTEMPTS_PER_ADDRESS: setting(
    whole(1, 1_000_000).default(120),
    'Wallets that one address asks for in a minute, in each process.',
    '`120`',
  ),
  ...notifySettings,
}
