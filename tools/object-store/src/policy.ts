import { z } from 'zod'
import { denied, Refused } from './refused.ts'

/** Of one field: it is the value, or starts with it. Names are in lower case: S3 makes no difference. */
export interface FieldCondition {
  readonly field: string
  readonly how: 'is' | 'starts-with'
  readonly value: string
}

export interface Policy {
  readonly expiration: Date
  readonly fields: readonly FieldCondition[]
  /** Bytes of the file. */
  readonly least: number
  readonly most: number
}

const Range = z.tuple([z.literal('content-length-range'), z.int().min(0), z.int().min(0)])
const Match = z.tuple([z.enum(['eq', 'starts-with']), z.string().regex(/^\$[\w-]+$/), z.string()])
const Exact = z.record(z.string(), z.string())
const PolicyDocument = z.strictObject({
  expiration: z.iso.datetime().transform((text) => new Date(text)),
  conditions: z.array(z.union([Range, Match, Exact])).max(100),
})

const invalid = (what: string): Refused =>
  new Refused(400, 'InvalidPolicyDocument', `The content of the form is no policy: ${what}.`)

/** Reads a policy as the form brings it, base64 of JSON. */
export function readPolicy(encoded: string): Policy | Refused {
  const json = parseJson(Buffer.from(encoded, 'base64').toString('utf8'))
  const found = PolicyDocument.safeParse(json)
  if (!found.success) return invalid(json === undefined ? 'not base64 of JSON' : 'not of the known form')
  const { expiration, conditions } = found.data
  const ranges = conditions.filter((one) => Array.isArray(one)).filter((one) => one[0] === 'content-length-range')
  return {
    expiration,
    fields: conditions.flatMap(readCondition),
    least: Math.max(0, ...ranges.map(([, least]) => least)),
    most: Math.min(...ranges.map(([, , most]) => most), Number.MAX_SAFE_INTEGER),
  }
}

type Condition = z.output<typeof PolicyDocument>['conditions'][number]

function readCondition(condition: Condition): FieldCondition[] {
  if (!Array.isArray(condition))
    return Object.entries(condition).map(([field, value]) => ({ field: field.toLowerCase(), how: 'is', value }))
  if (condition[0] === 'content-length-range') return []
  const [how, field, value] = condition
  return [{ field: field.slice(1).toLowerCase(), how: how === 'eq' ? 'is' : how, value }]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Fields that no condition needs to name. */
const isFree = (field: string): boolean =>
  ['policy', 'x-amz-signature', 'file'].includes(field) || field.startsWith('x-ignore-')

/**
 * Whether a form keeps to its policy: not expired, every condition holds, and no field is there that none of them names.
 * `bucket` is the one that is posted to, whatever the form says.
 */
export function judgePolicy(
  policy: Policy,
  { fields, bucket }: { fields: ReadonlyMap<string, string>; bucket: string },
  now: Date,
): Refused | undefined {
  if (policy.expiration <= now) return against('Policy expired.')
  const named = new Set(policy.fields.map(({ field }) => field))
  if (!named.has('bucket')) return against('Policy names no bucket.')
  const given = new Map([...fields, ['bucket', bucket]])
  const broken = policy.fields.find((condition) => !holds(condition, given.get(condition.field)))
  if (broken) return against(`Policy Condition failed: ${broken.field}`)
  const extra = [...fields.keys()].find((field) => !named.has(field) && !isFree(field))
  return extra === undefined ? undefined : against(`Extra input fields: ${extra}`)
}

const against = (what: string): Refused => denied(`Invalid according to Policy: ${what}`)

function holds({ how, value }: FieldCondition, given: string | undefined): boolean {
  if (given === undefined) return false
  return how === 'is' ? given === value : given.startsWith(value)
}
