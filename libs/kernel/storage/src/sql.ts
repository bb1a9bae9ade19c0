import { Secret } from '@strongroom/crypto'

/** A statement and its bound values. Made by `sql` alone: a value never becomes text. */
export interface Query {
  readonly text: string
  readonly values: readonly unknown[]
}

class Fragment implements Query {
  readonly parts: readonly string[]
  readonly values: readonly unknown[]
  readonly text: string

  constructor(parts: readonly string[], values: readonly unknown[]) {
    this.parts = parts
    this.values = values
    this.text = parts.reduce((text, part, index) => `${text}$${String(index)}${part}`)
  }
}

/** Plain SQL. Every `${}` is a bound parameter, or another `sql` fragment, which is taken in with its own parameters. */
export function sql(strings: TemplateStringsArray, ...inserts: readonly unknown[]): Query {
  const parts: string[] = [strings[0] as string]
  const values: unknown[] = []
  inserts.forEach((insert, index) => {
    const after = strings[index + 1] as string
    if (!(insert instanceof Fragment)) {
      values.push(bindable(insert))
      parts.push(after)
      return
    }
    values.push(...insert.values)
    const [first, ...rest] = insert.parts as [string, ...string[]]
    parts[parts.length - 1] += first
    parts.push(...rest)
    parts[parts.length - 1] += after
  })
  return new Fragment(parts, values)
}

function bindable(value: unknown): unknown {
  // A secret reaches the database only through a ciphertext or a MAC; binding one is a bug.
  if (value instanceof Secret) throw new TypeError('a Secret is not a database value: seal it first')
  if (value instanceof Uint8Array && !Buffer.isBuffer(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return value
}
