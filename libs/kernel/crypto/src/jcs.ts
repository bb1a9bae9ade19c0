import canonicalize from 'canonicalize'
import { toUtf8 } from './encoding.ts'

/** The value has no canonical JSON. Says why, never what the value was. */
export class JcsError extends Error {
  constructor(reason: string) {
    super(`no canonical JSON: ${reason}`)
    this.name = 'JcsError'
  }
}

const deepest = 100

/**
 * RFC 8785: the one JSON text of a value, as UTF-8 bytes, for signing and comparing.
 * Takes what JSON itself has: null, booleans, finite numbers, well-formed strings, arrays and plain objects, at most
 * 100 deep. Whatever JSON.stringify would drop or rewrite (undefined, Date, a Secret) is refused.
 * @throws JcsError
 */
export function canonicalJson(value: unknown): Uint8Array {
  checkJson(value, 0)
  return toUtf8(canonicalize(value) as string)
}

function checkJson(value: unknown, depth: number): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') return checkString(value)
  if (typeof value === 'number') return checkNumber(value)
  if (typeof value !== 'object') throw new JcsError(`a value of type ${typeof value}`)
  if (depth === deepest) throw new JcsError(`nested deeper than ${deepest}, or in itself`)
  // Array.from shows holes as undefined; forEach would pass them by.
  if (Array.isArray(value)) return Array.from(value).forEach((element) => checkJson(element, depth + 1))
  checkPlain(value)
  for (const [key, member] of Object.entries(value)) {
    checkString(key)
    checkJson(member, depth + 1)
  }
}

// An ill-formed string has no UTF-8: an encoder that replaces would let two texts share one signature.
function checkString(text: string): void {
  if (!text.isWellFormed()) throw new JcsError('a lone surrogate')
}

function checkNumber(value: number): void {
  if (!Number.isFinite(value)) throw new JcsError('a number that is not finite')
}

function checkPlain(value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new JcsError('an object that is not plain')
}
