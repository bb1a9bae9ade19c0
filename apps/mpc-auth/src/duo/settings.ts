import { usualPolicies } from '@strongroom/key-shares'
import { optionalSecret, setting, whole } from '@strongroom/service'
import { z } from 'zod'
import { apiSettings } from '../apis.ts'

const MINUTE = 60
const text = z.string().min(1).optional()
const yesOrNo = z.enum(['true', 'false'])

export const settings = {
  ...apiSettings,
  OIDC_ISSUER: setting(
    z.url({ protocol: /^https?$/ }),
    'Issuer of access tokens, compared byte for byte; its keys are found by discovery.',
  ),
  OIDC_AUDIENCE: setting(z.string().min(1), 'The API identifier that a token must be made for.'),
  OIDC_SCOPES: setting(
    z
      .string()
      .default('')
      .transform((list) => list.split(' ').filter(Boolean)),
    'Scopes that every token must have, with spaces between.',
    'none',
  ),
  FACETEC_URL: setting(
    text,
    'Base URL of the FaceTec Server 9.x that judges faces; without it faces answer 502.',
    'none',
  ),
  FACETEC_DEVICE_KEY: optionalSecret('The device key that is sent to it, where it wants one.'),
  FACETEC_BASIC_AUTH: optionalSecret('`user:password` of a proxy in front of it.'),
  FACETEC_MIN_MATCH_LEVEL: setting(whole(1, 15).default(15), 'The least match level that is the same face.', '`15`'),
  FACE_ENROL_REQUIRES_DEVICE: setting(
    yesOrNo.default('true'),
    '`true`: where a user has devices, one of them signs for the first face. `false`: the token is enough, as the original has it.',
    '`true`',
  ),
  BACKUP_REQUIRES_FACE: setting(
    yesOrNo.default('false'),
    '`true`: key shares are backed up only where a face is registered. `false`: the token is enough, as the original has it.',
    '`false`',
  ),
  DEVICES_PER_USER: setting(
    whole(1, 1000).default(usualPolicies.devices),
    'Active devices of one user.',
    `\`${String(usualPolicies.devices)}\``,
  ),
  FACE_ATTEMPTS: setting(
    whole(1, 100).default(usualPolicies.faces.guesses),
    'Failed attempts at a face in one window.',
    `\`${String(usualPolicies.faces.guesses)}\``,
  ),
  FACE_WINDOW_MINUTES: setting(
    whole(1, 1440).default(usualPolicies.faces.window / MINUTE),
    'Minutes of that window.',
    `\`${String(usualPolicies.faces.window / MINUTE)}\``,
  ),
  REQUESTS_PER_USER: setting(
    whole(1, 1_000_000).default(120),
    'Requests of one user in a minute, in each process.',
    '`120`',
  ),
  CHALLENGES_PER_USER: setting(
    whole(1, 1_000_000).default(10),
    'Challenges of one user in a minute, in each process.',
    '`10`',
  ),
  HOOKS_HOST: setting(z.string().min(1).default('127.0.0.1'), 'Address of the listener for MPC nodes.', '`127.0.0.1`'),
  HOOKS_PORT: setting(whole(0, 65_535).default(8081), 'Its port; 0 takes a free one.', '`8081`'),
  HOOKS_SECRETS: optionalSecret('Secrets of MPC nodes, a line `name=secret` for each; at least 32 characters.'),
  HOOKS_TLS_CERT_FILE: setting(
    text,
    'Certificate of that listener, PEM: nodes then bring certificates instead of secrets.',
    'none',
  ),
  HOOKS_TLS_KEY_FILE: setting(text, 'Its private key, PEM.', 'none'),
  HOOKS_TLS_CLIENT_CA_FILE: setting(text, 'Who vouches for the certificates of nodes, PEM.', 'none'),
  EVENTS_WEBHOOK_URL: setting(
    z.url({ protocol: /^https?$/ }).optional(),
    'Where events of users are sent, signed by the HSM (RFC 9421).',
    'none',
  ),
}
