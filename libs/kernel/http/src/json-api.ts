import { z } from 'zod'
import { oneOf } from './json-api-type.ts'

export { FieldMeta, Links, listOf, type Listed, type Page, pageLinks, pageQuery } from './json-api-list.ts'
export * from './json-api-given.ts'

// Shapes of what is answered, JSON:API 1.1. A resource whose id is a number says so: `.extend({ id: z.literal(2) })`.

type Identified<Type extends string> = { id: z.ZodString; type: z.ZodLiteral<Type> }
type Attributed<Type extends string, Attributes extends z.ZodRawShape> = Identified<Type> & {
  attributes: z.ZodObject<Attributes>
}
type Related<Relationships extends z.ZodRawShape> = { relationships: z.ZodObject<Relationships> }

/** A resource identifier: `{ id, type }`. */
export const identifier = <const Type extends string>(type: Type | readonly Type[]): z.ZodObject<Identified<Type>> =>
  z.object({ id: z.string(), type: oneOf(type) })

/** A resource object: `{ id, type, attributes, relationships? }`; `type` may be one of several. */
export function resource<const Type extends string, Attributes extends z.ZodRawShape>(
  type: Type | readonly Type[],
  attributes: Attributes,
): z.ZodObject<Attributed<Type, Attributes>>
export function resource<
  const Type extends string,
  Attributes extends z.ZodRawShape,
  Relationships extends z.ZodRawShape,
>(
  type: Type | readonly Type[],
  attributes: Attributes,
  relationships: Relationships,
): z.ZodObject<Attributed<Type, Attributes> & Related<Relationships>>
export function resource(type: string, attributes: z.ZodRawShape, relationships?: z.ZodRawShape): z.ZodObject {
  const plain = identifier(type).extend({ attributes: z.object(attributes) })
  return relationships ? plain.extend({ relationships: z.object(relationships) }) : plain
}

/** A relationship to one resource: `{ data: { id, type } }`. */
export const toOne = <const Type extends string>(type: Type | readonly Type[]) => z.object({ data: identifier(type) })

/** A relationship to several: `{ data: [{ id, type }] }`. */
export const toMany = <const Type extends string>(type: Type | readonly Type[]) =>
  z.object({ data: z.array(identifier(type)) })

/** A top-level document: `{ data }`, and `included` where there is something to include, if only at times. */
export function document<Data extends z.ZodType>(data: Data): z.ZodObject<{ data: Data }>
export function document<Data extends z.ZodType, Included extends z.ZodType>(
  data: Data,
  beside: { readonly included: Included },
): z.ZodObject<{ data: Data; included: z.ZodArray<Included> }>
export function document(data: z.ZodType, beside?: { readonly included: z.ZodType }): z.ZodObject {
  return z.object({ data, ...(beside && { included: z.array(beside.included) }) })
}
