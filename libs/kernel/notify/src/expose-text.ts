import { fromUtf8, Secret } from '@strongroom/crypto'

/** The text of a secret, for the call that needs it. */
export const exposeText = (value: Secret | string): string =>
  value instanceof Secret ? fromUtf8(value.expose()) : value
