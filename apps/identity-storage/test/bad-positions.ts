/** What stands in every field of these tests that is refused; no answer and no line of a log may have it. */
export const canary = 'cAnArY7391'

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json }

export interface BadBody {
  /** A JSON pointer to what is wrong. */
  readonly pointer: string
  readonly value: Json
  readonly body: Json
}

/** What cannot stand where this stands: other kinds of JSON, and nothing at all. */
function badFor(good: Json): readonly Json[] {
  const others: Json[] = [undefined, null, true, canary, { [canary]: canary }, [canary]]
  if (typeof good === 'string')
    return [...others.filter((one) => typeof one !== 'string'), 7.5, '', canary.repeat(1500)]
  if (typeof good === 'number') return [...others, -1, 1.5, 2 ** 60, `${String(good)}x`]
  if (Array.isArray(good)) return [...others, 7]
  return [...others, 7, []]
}

/**
 * A good body, spoilt at each of its positions in turn by each of these. `mayBe` says what is no fault after all: what may be
 * left out, or be of another kind.
 */
export function spoil(good: unknown, mayBe: (pointer: string, value: Json) => boolean): readonly BadBody[] {
  const spoilt: BadBody[] = []
  const visit = (at: Json, pointer: string, put: (value: Json) => Json) => {
    for (const value of badFor(at)) if (!mayBe(pointer, value)) spoilt.push({ pointer, value, body: put(value) })
    if (typeof at !== 'object' || at === null) return
    for (const [name, child] of Object.entries(at))
      visit(child, `${pointer}/${name}`, (value) => put(withChild(at, name, value)))
  }
  visit(good as Json, '', (value) => value)
  return spoilt
}

function withChild(parent: object, name: string, value: Json): Json {
  const children = Object.entries(parent).map(([key, child]) => [key, key === name ? value : (child as Json)] as const)
  return Array.isArray(parent) ? children.map(([, child]) => child) : Object.fromEntries(children)
}

/** Whether an error's field is where the fault is: there, around it or within it. */
export const isAbout = (field: string, pointer: string): boolean =>
  field === pointer || field.startsWith(`${pointer}/`) || pointer.startsWith(`${field}/`) || `/${field}` === pointer
