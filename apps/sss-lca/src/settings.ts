import { notifySettings, pushSettings } from '@strongroom/notify'
import { usualPolicies as usualRelay } from '@strongroom/qr-login'
import { optionalSecret, setting, whole } from '@strongroom/service'
import { usualPolicies } from '@strongroom/secret-shares'
import { z } from 'zod'

const DAY = 86_400
const { creations, lookups, allLookups } = usualRelay
const text = z.string().min(1).optional()

const commas = (schema: z.ZodType<string, string>) =>
  z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean),
    )
    .pipe(z.array(schema))

const brands = z
  .string()
  .regex(/^[\w-]+=[^,<>\p{C}]+(,[\w-]+=[^,<>\p{C}]+)*$/u, 'is not tenant=name, with commas between')
  .default('learncard=LearnCard')
  .transform((list) => new Map(list.split(',').map((one) => one.split(/=(.*)/s).slice(0, 2) as [string, string])))

const oidc = (name: string) => ({
  [`${name}_ISSUER`]: setting(text, 'Issuer of its tokens; keys are found by OpenID Connect discovery.', 'none'),
  [`${name}_AUDIENCE`]: setting(text, 'What its tokens must be made for.', 'none'),
})

export const settings = {
  FIREBASE_PROJECT_ID: setting(text, 'Firebase project whose ID tokens are accepted.', 'none'),
  FIREBASE_ISSUER: setting(
    text,
    'Issuer of those tokens, where it is not Google’s.',
    '`https://securetoken.google.com/<project>`',
  ),
  FIREBASE_KEYS_URL: setting(text, 'Where the keys of that issuer are.', 'Google’s'),
  FIREBASE_SERVICE_ACCOUNT: optionalSecret(
    'JSON key of the service account that links addresses and makes sign-in tokens. Without it upgrades answer 501.',
  ),
  FIREBASE_AUTH_EMULATOR_HOST: setting(
    text,
    'Development only: the emulator’s `host:port`, which `firebase-admin` reads.',
    'none',
  ),
  ...(oidc('OIDC') as OidcSettings<'OIDC'>),
  ...(oidc('KEYCLOAK') as OidcSettings<'KEYCLOAK'>),
  ...(oidc('SUPERTOKENS') as OidcSettings<'SUPERTOKENS'>),
  DID_AUTH: setting(
    z.enum(['vp', 'challenge']).default('vp'),
    '`vp`: a DID’s presentation identifies it, as the original has it. `challenge`: it must answer a challenge each time.',
    '`vp`',
  ),
  DID_AUDIENCE: setting(
    text,
    'The `aud` that a presentation must name if it names one; without it, one that names any is refused.',
    'none',
  ),
  DID_WEB_HOSTS: setting(commas(z.string()), 'Hosts whose `did:web` documents are fetched, comma-separated.', 'none'),
  QUERY_LOOKUP: setting(
    z.enum(['seed', 'token']).default('seed'),
    '`seed`: recovery shares and masked addresses are found by contact, as the documents have it. `token`: only with a login.',
    '`seed`',
  ),
  APPROVE_AUTH: setting(
    z.enum(['token', 'open']).default('token'),
    '`token`: approving a QR login takes a login, as the documents have it. `open`: it takes none, as the published client wants.',
    '`token`',
  ),
  EMAIL_BACKUP_ANY_ADDRESS: setting(
    z.enum(['true', 'false']).default('true'),
    '`false`: e-mail backups go to the account’s address and its recovery address only.',
    '`true`',
  ),
  BRAND_NAMES: setting(
    brands,
    'What mails call the product, by the tenant in `X-Tenant-Id`: `tenant=Name`, comma-separated; the first is the usual one.',
    '`learncard=LearnCard`',
  ),
  ROTATIONS_PER_DAY: setting(
    whole(1, 1000).default(usualPolicies.rotationsPerDay),
    'Shares that one account stores in a day.',
    `\`${String(usualPolicies.rotationsPerDay)}\``,
  ),
  HOLD_DAYS: setting(
    whole(1, 90).default(usualPolicies.hold / DAY),
    'Days in which what was replaced or deleted can be restored.',
    `\`${String(usualPolicies.hold / DAY)}\``,
  ),
  START_OVER_DAYS: setting(
    whole(1, 90).default(usualPolicies.startOver.delay / DAY),
    'Days from asking to start over to the first share of the new DID.',
    `\`${String(usualPolicies.startOver.delay / DAY)}\``,
  ),
  QR_CREATIONS_PER_ADDRESS: setting(
    whole(1, 1_000_000).default(creations.points),
    'QR sessions that one address opens in ten minutes: many people may stand behind one.',
    `\`${String(creations.points)}\``,
  ),
  QR_LOOKUPS_PER_ADDRESS: setting(
    whole(1, 1_000_000).default(lookups.points),
    'Look-ups by short code of one address in a minute.',
    `\`${String(lookups.points)}\``,
  ),
  QR_LOOKUPS_IN_ALL: setting(
    whole(1, 1_000_000).default(allLookups.points),
    'Look-ups by short code in a minute, whoever makes them: they bound what strangers guess.',
    `\`${String(allLookups.points)}\``,
  ),
  REDIS_URL: optionalSecret('Where QR sessions live: `redis://…` or `rediss://…`. Without it they live in PostgreSQL.'),
  ...notifySettings,
  ...pushSettings,
}

type OidcSettings<Name extends string> = Record<
  `${Name}_ISSUER` | `${Name}_AUDIENCE`,
  ReturnType<typeof setting<typeof text>>
>
