import { z } from 'zod'

/** What `meta` of an error says of one field: `field` is a JSON pointer into the body, or the name of a parameter. */
export const FieldMeta = z.object({ field: z.string(), error: z.string() })

export const Links = z.object({
  self: z.string(),
  first: z.string().optional(),
  prev: z.string().optional(),
  next: z.string().optional(),
  last: z.string().optional(),
})

/** One page of a list: `{ data: [...], links }`. */
export const listOf = <Resource extends z.ZodType>(resource: Resource) =>
  z.object({ data: z.array(resource), links: Links })

/** Members of a list's `query` shape: pages count from 1, of 15 resources unless asked, in the list's own order unless asked. */
export const pageQuery = ({ limit = 15, most = 100 }: { readonly limit?: number; readonly most?: number } = {}) => ({
  'page[number]': z.coerce.number().int().min(1).max(1_000_000).default(1),
  'page[limit]': z.coerce.number().int().min(1).max(most).default(limit),
  'page[order]': z.enum(['asc', 'desc']).optional(),
})

export interface Page {
  readonly number: number
  readonly limit: number
}

export type Listed = {
  /** As callers ask for it, from the root: `/identities`. */
  readonly path: `/${string}`
  /** What else was asked, by parameter: `filter[email]`. */
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly page: Page
} & ({ readonly total: number } | { readonly more: boolean })

/**
 * Where the pages around this one are, relative to the service's root; `last` where the total is known. Every link names
 * its limit, and brackets stay as they are: clients read both out of the text.
 */
export function pageLinks({ path, query = {}, page, ...extent }: Listed): z.output<typeof Links> {
  const to = (number: number): string => {
    const asked = { ...query, 'page[number]': String(number), 'page[limit]': String(page.limit) }
    const pairs = Object.entries(asked).filter((pair): pair is [string, string] => pair[1] !== undefined)
    return `${path}?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
  }
  const last = 'total' in extent ? Math.max(1, Math.ceil(extent.total / page.limit)) : undefined
  const more = 'more' in extent ? extent.more : page.number < (last as number)
  return {
    self: to(page.number),
    first: to(1),
    ...(page.number > 1 && { prev: to(page.number - 1) }),
    ...(more && { next: to(page.number + 1) }),
    ...(last !== undefined && { last: to(last) }),
  }
}
