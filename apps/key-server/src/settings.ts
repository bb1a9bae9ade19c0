import { optionalSecret, setting, whole } from '@strongroom/service'

export const settings = {
  APPLICATION_KEY: optionalSecret('If set, creating a key demands it in `X-Application-Key`.'),
  CREATIONS_PER_ADDRESS: setting(
    whole(1, 1_000_000).default(60),
    'Keys that one address may create in a minute.',
    '`60`',
  ),
  CREATIONS_IN_ALL: setting(whole(1, 1_000_000).default(3_000), 'Keys that one process creates in a minute.', '`3000`'),
}
