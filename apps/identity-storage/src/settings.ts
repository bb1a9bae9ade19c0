import { purposes, usualPolicies } from '@strongroom/identity'
import { notifySettings } from '@strongroom/notify'
import { readAccountKey } from '@strongroom/proofs'
import { optionalSecret, setting, whole } from '@strongroom/service'
import { z } from 'zod'

const MINUTE = 60
const MEBIBYTE = 1_048_576
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

/** Links are made by putting their payload behind it, and go out by mail. */
function isOriginAndPath(text: string): boolean {
  const { href, origin, pathname } = new URL(text)
  return href === `${origin}${pathname}`
}

const cosigned = z
  .string()
  .default(purposes.join(','))
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(z.enum(purposes)))

const accountKey = z.string().refine((text) => readAccountKey(text) !== undefined, 'is no account key')

export const settings = {
  LEDGER_URL: setting(
    z.url({ protocol: /^https?$/ }).optional(),
    'A TokenD Horizon, whose ledger is used instead of the embedded one. The key that `ledger-key` prints must sign for the master account there.',
    'none',
  ),
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
  COSIGNED_OPERATIONS: setting(
    cosigned,
    'Operations of transactions that a stored key signs beside the owner, comma-separated; one of any other gets no signature.',
    `\`${purposes.join(',')}\``,
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
    z.url({ protocol: /^https?$/ }).refine(isOriginAndPath, 'is more than an origin and a path'),
    'The web client that links in mails lead to; the payload is put behind it: `https://wallet.example.com/r`.',
  ),
  CLIENT_DOMAINS: setting(
    list,
    'Hosts that an account may choose as its `client_domain`, for links in its mails, comma-separated.',
    'none',
  ),
  OBJECTS_URL: setting(
    z.url({ protocol: /^https?$/ }).optional(),
    'The S3-compatible store that documents go to, as clients reach it; without it documents answer 503.',
    'none',
  ),
  OBJECTS_REGION: setting(z.string().min(1).default('us-east-1'), 'Its region.', '`us-east-1`'),
  OBJECTS_BUCKET: setting(z.string().min(1).optional(), 'The bucket that belongs to this app alone.', 'none'),
  OBJECTS_ADDRESSING: setting(
    z.enum(['path', 'host']).default('path'),
    'Where the bucket is named: `path` (`https://host/bucket/key`) or `host` (`https://bucket.host/key`).',
    '`path`',
  ),
  OBJECTS_ACCESS_KEY_ID: setting(z.string().min(1).optional(), 'Who signs for it.', 'none'),
  OBJECTS_SECRET_ACCESS_KEY: optionalSecret('The secret of that key.'),
  DOCUMENT_MEBIBYTES: setting(
    whole(1, 5120).default(usualPolicies.documents.largest.general / MEBIBYTE),
    'MiB of a document at most.',
    `\`${String(usualPolicies.documents.largest.general / MEBIBYTE)}\``,
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
