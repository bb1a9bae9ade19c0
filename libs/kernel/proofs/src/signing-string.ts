import type { RawRequest } from '@strongroom/http'

/** All values of a header as sent: where one was expected, two are an attempt to have each half of us read another. */
export const valuesOf = ({ rawHeaders }: RawRequest, name: string): readonly string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)

/** The one value of a header, in printable ASCII: what other bytes were depends on who reads them. */
export function valueOf(request: RawRequest, name: string): string | undefined {
  const [value, ...more] = valuesOf(request, name)
  return value !== undefined && more.length === 0 && printable.test(value) ? value : undefined
}

const printable = /^[\x20-\x7e]*$/

/** `get /path?query`, exactly as it came over the wire. */
export const targetOf = ({ method, target }: RawRequest): string => `${method.toLowerCase()} ${target}`

/**
 * Draft-cavage section 2.3: a line for each name, in the signer's order; `undefined` where there is not one value for each.
 * `(request-header)` is what TokenD's documents call `(request-target)`.
 */
export function signingString(request: RawRequest, covered: readonly string[]): string | undefined {
  const values = covered.map((name) => (name.startsWith('(') ? printableTarget(request) : valueOf(request, name)))
  if (values.includes(undefined)) return undefined
  return covered.map((name, index) => `${name}: ${values[index] as string}`).join('\n')
}

function printableTarget(request: RawRequest): string | undefined {
  const target = targetOf(request)
  return printable.test(target) ? target : undefined
}
