/** `{ keyId }` as `{ key_id }`, at any depth. */
export const toWireNames = (value: unknown): unknown =>
  rename(value, (name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))

/** `{ key_id }` as `{ keyId }`, at any depth. */
export const fromWireNames = (value: unknown): unknown =>
  rename(value, (name) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))

function rename(value: unknown, name: (before: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => rename(one, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([before, one]) => [name(before), rename(one, name)]))
}
