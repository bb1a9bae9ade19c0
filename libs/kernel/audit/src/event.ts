import type { z } from 'zod'

/**
 * A kind of security event: a dotted name in the past tense, and the shape of its detail. Detail holds ids and
 * numbers; whatever a person typed or a secret was made of stays out.
 */
export interface EventKind<Detail extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly detail: Detail
}

export const securityEvent = <Detail extends z.ZodObject>(name: string, detail: Detail): EventKind<Detail> => ({
  name,
  detail: detail.strict() as unknown as Detail,
})
