/** JSON:API 1.1, as much of it as TokenD's API has. */

export interface Identifier {
  readonly type: string
  /** Where a server writes a number, its decimal text. */
  readonly id: string
}

export interface Resource extends Identifier {
  readonly attributes: Fields
  /** To one and to many alike; a relationship of links alone is left out. */
  readonly relationships: Readonly<Record<string, readonly Identifier[]>>
}

export interface JsonApiDocument {
  /** One in a list where the document is of one resource. */
  readonly data: readonly Resource[]
  readonly included: readonly Resource[]
  readonly links: Readonly<Record<string, string>>
}

export type Fields = Readonly<Record<string, unknown>>

/** An empty text is a document of nothing. `undefined`: no document of data. */
export function readDocument(text: string): JsonApiDocument | undefined {
  if (text === '') return { data: [], included: [], links: {} }
  const { data, included, links } = parseObject(text) ?? {}
  const resources = data === null ? [] : listOf(data).map(readResource)
  if (resources.includes(undefined)) return undefined
  return {
    data: resources.filter((one) => one !== undefined),
    // TokenD's own client writes `null` among these: what one side does, the other may.
    included: listOf(included)
      .map(readResource)
      .filter((one) => one !== undefined),
    links: Object.fromEntries(
      Object.entries(objectOf(links)).filter((link): link is [string, string] => typeof link[1] === 'string'),
    ),
  }
}

/** The resource that a relationship to one names, from among the included ones. */
export function relatedTo({ relationships }: Resource, name: string, { included }: JsonApiDocument) {
  const [to] = relationships[name] ?? []
  return to && included.find(({ id, type }) => id === to.id && type === to.type)
}

/** `undefined` for a page of HTML, for a number, for nothing. */
export function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

export const objectOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [value])

function readResource(value: unknown): Resource | undefined {
  const { attributes, relationships } = objectOf(value)
  const identifier = readIdentifier(value)
  if (!identifier) return undefined
  const related = Object.entries(objectOf(relationships)).map(([name, one]) => [
    name,
    listOf(objectOf(one)['data'])
      .map(readIdentifier)
      .filter((to) => to !== undefined),
  ])
  return { ...identifier, attributes: objectOf(attributes), relationships: Object.fromEntries(related) as never }
}

/** Some resources have no id on the wire; theirs is empty. */
function readIdentifier(value: unknown): Identifier | undefined {
  const { id = '', type } = objectOf(value)
  const isId = typeof id === 'string' || typeof id === 'number'
  return isId && typeof type === 'string' ? { id: String(id), type } : undefined
}
