import type { z } from 'zod'

/** The shape of a payload: an object of ids, which are strings and whole numbers. Undeclared fields are refused. */
export type IdsShape = z.ZodObject<Readonly<Record<string, z.ZodType<string | number>>>>

/**
 * A kind of job. Its payload stays in a table that nobody seals, in backups and in the sight of every operator: it names
 * rows, and never holds a code, a share, an address or a secret. The handler loads what it needs by these names.
 */
export interface JobKind<Ids extends IdsShape = IdsShape> {
  /** Dotted kebab-case: whose work, then what: `time-locks.send-notice`. */
  readonly name: string
  readonly payload: Ids
  /** How often it is tried before it is parked. The waits grow by e, from 3 seconds to 6 hours: 25 tries take four days. */
  readonly attempts: number
}

const NAME = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/
const ID = /^[A-Za-z0-9_.:-]{1,128}$/

/** @throws TypeError for a name that is not dotted kebab-case. */
export function job<Ids extends IdsShape>(declared: { name: string; payload: Ids; attempts?: number }): JobKind<Ids> {
  const { name, payload, attempts = 25 } = declared
  if (!NAME.test(name) || name.length > 128) throw new TypeError(`not a dotted kebab-case name: ${name}`)
  return { name, payload: payload.strict() as unknown as Ids, attempts }
}

/**
 * A payload as it is stored.
 * @throws ZodError where the shape is another; TypeError for a text that cannot be an id, naming the field alone.
 */
export function payloadOf<Ids extends IdsShape>(kind: JobKind<Ids>, payload: z.input<Ids>): string {
  const parsed: Readonly<Record<string, string | number>> = kind.payload.parse(payload)
  for (const [field, value] of Object.entries(parsed)) {
    // Letters, digits and four signs: an address, a sentence or base64 does not pass for an id by oversight.
    if (typeof value === 'string' ? !ID.test(value) : !Number.isSafeInteger(value))
      throw new TypeError(`a job carries ids only, and ${field} of ${kind.name} is none`)
  }
  return JSON.stringify(parsed)
}
