/** Thousands of brackets in brackets exhaust the stack of whoever writes or reads them. */
const DEEPEST = 100

/** Whether a value of a stranger's, as `JSON.parse` read it, can be shown to others. */
export const isShallow = (value: unknown): boolean => isWithin(DEEPEST, value)

const isWithin = (levels: number, value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((member) => isWithin(levels - 1, member)))
