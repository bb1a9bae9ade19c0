import { z } from 'zod'
import { oneOf } from './json-api-type.ts'

// Shapes of what is brought, JSON:API 1.1. Members that no shape names are ignored.

/** An id as callers write it, a string or a whole number; a string to handlers. */
export const GivenId = z
  .union([z.string().min(1).max(512), z.int()])
  .transform(String)
  .pipe(z.string())

const given = <const Type extends string>(type: Type | readonly Type[]) => ({
  id: GivenId.optional(),
  type: oneOf(type).optional(),
})

/** A resource object; callers leave out its id before it has one, and often its type. */
export function givenResource<const Type extends string, Attributes extends z.ZodRawShape>(
  type: Type | readonly Type[],
  attributes: Attributes,
): z.ZodObject<ReturnType<typeof given<Type>> & { attributes: z.ZodObject<Attributes> }>
export function givenResource<
  const Type extends string,
  Attributes extends z.ZodRawShape,
  Relationships extends z.ZodRawShape,
>(
  type: Type | readonly Type[],
  attributes: Attributes,
  relationships: Relationships,
): z.ZodObject<
  ReturnType<typeof given<Type>> & {
    attributes: z.ZodObject<Attributes>
    relationships: z.ZodObject<Relationships>
  }
>
export function givenResource(type: string, attributes: z.ZodRawShape, relationships?: z.ZodRawShape): z.ZodObject {
  const plain = z.object({ ...given(type), attributes: z.object(attributes) })
  return relationships ? plain.extend({ relationships: z.object(relationships) }) : plain
}

/** A resource identifier; its type may be left out where it can be but one. */
export const givenIdentifier = <const Type extends string>(type: Type | readonly Type[]) =>
  z.object({ id: GivenId, type: oneOf(type).optional() })

export const givenToOne = <const Type extends string>(type: Type | readonly Type[]) =>
  z.object({ data: givenIdentifier(type) })

export const givenToMany = <const Type extends string>(type: Type | readonly Type[]) =>
  z.object({ data: z.array(givenIdentifier(type)).max(MOST) })

/** A resource of `included`: with its id and its type, by which it is found. */
export const includedResource = <const Type extends string, Attributes extends z.ZodRawShape>(
  type: Type,
  attributes: Attributes,
) => z.object({ id: GivenId, type: z.literal(type), attributes: z.object(attributes) })

/** What `includedResource` makes. */
export type IncludedResource = z.ZodObject<{
  id: typeof GivenId
  type: z.ZodLiteral<string>
  attributes: z.ZodObject
}>

const MOST = 100

/** A top-level document: `{ data }`. With `included`, the resources of these types in it, none where it is left out. */
export function givenDocument<Data extends z.ZodType>(data: Data): z.ZodObject<{ data: Data }>
export function givenDocument<Data extends z.ZodType, const Known extends Resources>(
  data: Data,
  beside: { readonly included: Known },
): z.ZodObject<{
  data: Data
  included: z.ZodType<z.output<Known[number]>[], (z.input<Known[number]> | null)[] | undefined>
}>
export function givenDocument(data: z.ZodType, beside?: { readonly included: Resources }): z.ZodObject {
  return z.object({ data, ...(beside && { included: includedOf(beside.included) }) })
}

type Resources = readonly [IncludedResource, ...IncludedResource[]]

/**
 * TokenD's JavaScript client puts `null` where it has no resource; it and types that nobody asked for are passed over.
 * They are so one by one: the index in a refusal's pointer stays the caller's.
 */
function includedOf(resources: Resources) {
  const types = new Set(resources.map(({ shape }) => shape.type.value))
  const known = (value: unknown) => (types.has((value as { type?: string } | null)?.type ?? '') ? value : null)
  const one = z.preprocess(known, z.nullable(z.discriminatedUnion('type', resources)))
  return z
    .array(one)
    .max(MOST)
    .default([])
    .transform((all) => all.filter((resource) => resource !== null))
}
