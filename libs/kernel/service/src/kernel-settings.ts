import { profileNames } from '@strongroom/hsm'
import { z } from 'zod'
import { foundKeys } from './found-keys.ts'
import { optionalSecret, secretSetting, setting, whole } from './settings.ts'

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  )

const variables = z
  .string()
  .regex(/^\w+=[^,]*(,\w+=[^,]*)*$/, 'is not NAME=value, with commas between')
  .transform(
    (text) =>
      Object.fromEntries(text.split(',').map((one) => one.split(/=(.*)/s).slice(0, 2))) as Record<string, string>,
  )
  .optional()

/** Of a second or third token of the app: all optional, and without its label there is none. */
const furtherToken = <Nth extends 2 | 3>(nth: Nth) => {
  const named = <Name extends string, One>(name: Name, one: One) =>
    ({ [`HSM_${String(nth)}_${name}`]: one }) as Readonly<Record<`HSM_${Nth}_${Name}`, One>>
  return {
    ...named(
      'MODULE',
      setting(
        z.string().startsWith('/').optional(),
        `Absolute path of the PKCS#11 module of token ${String(nth)}.`,
        '`HSM_MODULE`',
      ),
    ),
    ...named('MODULE_ENV', setting(variables, `As \`HSM_MODULE_ENV\`, for \`HSM_${String(nth)}_MODULE\`.`, 'none')),
    ...named(
      'TOKEN_LABEL',
      setting(
        z.string().min(1).max(32).optional(),
        `Label of token ${String(nth)}, which holds every value as well. Hardware and software do not mix.`,
        'none',
      ),
    ),
    ...named('PIN', optionalSecret(`The user PIN of token ${String(nth)}.`)),
  }
}

/** What every app reads. */
export const kernelSettings = {
  STRONGROOM_ENV: setting(
    z.enum(['production', 'development']).default('production'),
    '`development` opens the doors that development needs, and then serves loopback only.',
    '`production`',
  ),
  DEPLOYMENT: setting(
    z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .default('strongroom'),
    'Bound into every ciphertext: what one deployment sealed does not open in another. Never change it.',
    '`strongroom`',
  ),
  HOST: setting(z.string().min(1).default('127.0.0.1'), 'Address to listen on.', '`127.0.0.1`'),
  PORT: setting(whole(0, 65_535).default(8080), 'Port to listen on; 0 takes a free one.', '`8080`'),
  MANAGEMENT_PORT: setting(
    whole(0, 65_535).optional(),
    'Moves health, metrics and documents from `PORT` to a port of their own.',
    'none',
  ),
  TRUSTED_PROXY_HOPS: setting(
    whole(0, 8).default(0),
    'Proxies in front that may be believed; the rest of `X-Forwarded-For` is ignored.',
    '`0`',
  ),
  CORS_ORIGINS: setting(
    list.pipe(z.array(z.url({ protocol: /^https?$/ }).refine((one) => new URL(one).origin === one, 'is no origin'))),
    'Origins whose web pages may call this app, comma-separated (`https://wallet.example.com`).',
    'none',
  ),
  DATABASE_URL: secretSetting('PostgreSQL, as the runtime role.'),
  DATABASE_CONNECTIONS: setting(whole(1, 200).default(10), 'Connections in the pool.', '`10`'),
  HSM_MODULE: setting(z.string().startsWith('/'), 'Absolute path of the PKCS#11 module.'),
  HSM_MODULE_ENV: setting(
    variables,
    'Variables that the module reads when it starts, as `NAME=value` with commas between.',
    'none',
  ),
  HSM_TOKEN_LABEL: setting(z.string().min(1).max(32), 'Label of the token that belongs to this app alone.'),
  HSM_PIN: secretSetting("The token's user PIN."),
  ...furtherToken(2),
  ...furtherToken(3),
  HSM_MIN_RECIPIENTS: setting(
    whole(1, 3).default(1),
    'Tokens that must hold a value before it counts as kept; with fewer healthy nothing is written (503).',
    '`1`',
  ),
  HSM_STATE_DIRECTORY: setting(
    z.string().startsWith('/'),
    'Where a refused token PIN is remembered, so that it is not tried again.',
  ),
  HSM_EXECUTOR: setting(
    z.enum(['auto', 'inline', 'process']).default('auto'),
    'Where the token is worked with: `inline`, in this process; `process`, in one that can be killed; `auto`: there, if it is slow.',
    '`auto`',
  ),
  HSM_SESSIONS: setting(whole(1, 64).default(8), 'Sessions in which `process` works at once.', '`8`'),
  HSM_CALL_SECONDS: setting(
    whole(1, 60).default(5),
    'Seconds after which `process` takes a call for hung and starts anew.',
    '`5`',
  ),
  HSM_ALLOW_SOFTWARE: setting(
    list,
    'Models of software tokens, comma-separated, that production may use (`SoftHSM v2`).',
    'none',
  ),
  HSM_PROFILE: setting(
    z.enum(profileNames).optional(),
    `Whose module it is: ${profileNames.map((name) => `\`${name}\``).join(', ')}. It adds to what is tried, and proves nothing.`,
    'as the token says',
  ),
  LOG_LEVEL: setting(
    z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    'Least level that is logged.',
    '`info`',
  ),
  AUDIT_SINK: setting(
    z.string().min(1).optional(),
    'Where signed heads of the audit log are kept outside the database: `file:/path`, `syslog://host:port`, `https://…`, or several with spaces between.',
    'none',
  ),
  AUDIT_SINK_TOKEN: optionalSecret('Bearer token for a webhook among the sinks.'),
  REWRAP_ROWS_PER_SECOND: setting(
    whole(1, 100_000).default(100),
    'Values that are sealed anew in a second, after keys were rotated: callers share the token with it.',
    '`100`',
  ),
  WORKER_CONCURRENCY: setting(whole(1, 100).default(10), 'Jobs at a time in this process.', '`10`'),
  SHUTDOWN_SECONDS: setting(
    whole(1, 300).default(15),
    'Seconds that requests in flight get when the process is told to end; after three times as long it ends, whatever hangs.',
    '`15`',
  ),
}

/** What an app with a recovery token reads on top: the worker to open copies of keys, `provision` to make the key. */
export const recoverySettings = {
  RECOVERY_HSM_MODULE: setting(
    z.string().startsWith('/').optional(),
    'Absolute path of its PKCS#11 module.',
    '`HSM_MODULE`',
  ),
  RECOVERY_HSM_MODULE_ENV: setting(variables, 'As `HSM_MODULE_ENV`, for `RECOVERY_HSM_MODULE`.', 'none'),
  RECOVERY_HSM_TOKEN_LABEL: setting(
    z.string().min(1).max(32),
    'Label of the recovery token: another one than the app’s own.',
  ),
  RECOVERY_HSM_PROFILE: setting(
    z.enum(profileNames).optional(),
    'As `HSM_PROFILE`, for the recovery token.',
    'as the token says',
  ),
  RECOVERY_HSM_PIN: secretSetting("The recovery token's user PIN. An `api` process must not have it."),
}

/** What `provision` reads on top. */
export const provisionSettings = {
  MIGRATOR_DATABASE_URL: secretSetting('PostgreSQL, as the role that owns the schemas.'),
  RUNTIME_ROLE: setting(
    z.string().min(1),
    'The role of `DATABASE_URL`, which is granted what the app needs and no more.',
  ),
  HSM_FOUND_KEYS: setting(
    foundKeys,
    'Keys that are on the token and serve where the app would make its own: `job=label` or `job/use=pkcs11:id=%01%02`, with commas between.',
    'none',
  ),
}
