import { z } from 'zod'

/** `bytea`. */
export const bytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array)
/** `timestamptz`. */
export const instant = z.date()
/** `int` and `bigint`. */
export const count = z.int()
