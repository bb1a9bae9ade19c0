import { z } from 'zod'

/** `bytea`. */
export const bytes = z.instanceof(Uint8Array)
/** `timestamptz`. */
export const instant = z.date()
/** `int` and `bigint`. */
export const count = z.int()
