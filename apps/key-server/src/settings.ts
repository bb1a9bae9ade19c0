import { notifySettings } from '@strongroom/notify'
import { usualPolicies } from '@strongroom/pin-keys'
import { optionalSecret, setting, whole } from '@strongroom/service'
import { z } from 'zod'

const DAY = 86_400
const days = (seconds: number) => seconds / DAY
const { pins, resets } = usualPolicies

export const settings = {
  PUBLIC_URL: setting(
    z.url({ protocol: /^https?$/ }),
    'Where people reach this app: the beginning of the links in messages.',
  ),
  APPLICATION_KEY: optionalSecret('If set, creating a key demands it in `X-Application-Key`.'),
  CREATIONS_PER_ADDRESS: setting(
    whole(1, 1_000_000).default(60),
    'Keys that one address may create in a minute.',
    '`60`',
  ),
  CREATIONS_IN_ALL: setting(whole(1, 1_000_000).default(3_000), 'Keys that one process creates in a minute.', '`3000`'),
  PIN_GUESSES: setting(
    whole(1, 100).default(pins.guesses),
    'Guesses at a PIN in one window.',
    `\`${String(pins.guesses)}\``,
  ),
  PIN_WINDOW_DAYS: setting(
    whole(1, 365).default(days(pins.window)),
    'Days of the first window; it doubles.',
    `\`${String(days(pins.window))}\``,
  ),
  RESET_DELAY_DAYS: setting(
    whole(1, 365).default(days(resets.delay)),
    'Days from asking for a reset to its opening.',
    `\`${String(days(resets.delay))}\``,
  ),
  RESET_WINDOW_DAYS: setting(
    whole(1, 365).default(days(resets.window)),
    'Days in which an open reset may be completed.',
    `\`${String(days(resets.window))}\``,
  ),
  CONTEST_DAYS: setting(
    whole(1, 365).default(days(resets.contest)),
    'Days after a cancel link was used in which every reset that is asked for needs two users.',
    `\`${String(days(resets.contest))}\``,
  ),
  EMAILS_PER_ADDRESS: setting(
    whole(1, 10_000).default(20),
    'Codes that one e-mail address is sent in a day, over all keys.',
    '`20`',
  ),
  SMS_PER_NUMBER: setting(
    whole(1, 10_000).default(10),
    'Codes that one phone number is sent in a day, over all keys.',
    '`10`',
  ),
  SMS_PER_PREFIX: setting(
    whole(1, 1_000_000).default(200),
    'Codes by SMS to numbers that begin with the same five digits, in a day.',
    '`200`',
  ),
  SMS_IN_ALL: setting(whole(1, 1_000_000).default(2_000), 'Codes by SMS in a day.', '`2000`'),
  EMAILS_IN_ALL: setting(whole(1, 1_000_000).default(50_000), 'Codes by e-mail in a day.', '`50000`'),
  ...notifySettings,
}
