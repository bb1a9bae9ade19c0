import { fromHex, toHex } from '@strongroom/crypto'
import { readStrkey, writeStrkey } from '@strongroom/proofs'
import { type Codec, type FaultReason, readText, writeText, XdrFault } from './xdr.ts'

export const u32: Codec<number> = { read: (from) => from.u32(), write: (value, to) => to.u32(value) }
export const u64: Codec<bigint> = { read: (from) => from.u64(), write: (value, to) => to.u64(value) }

export const bool: Codec<boolean> = {
  read(from) {
    const value = from.u32()
    if (value > 1) throw new XdrFault('boolean-unknown')
    return value === 1
  },
  write: (value, to) => to.u32(value ? 1 : 0),
}

const MOST = 0xffff_ffff

export const text = (most = MOST): Codec<string> => ({
  read: (from) => readText(from, most),
  write: (value, to) => writeText(value, most, to),
})

export const opaque = (length: number): Codec<Uint8Array> => ({
  read: (from) => from.opaque(length),
  write(value, to) {
    if (value.length !== length) throw new RangeError(`not ${String(length)} bytes`)
    to.opaque(value)
  },
})

/** Bytes of a fixed length as text: lower-case hex. */
export const hex = (length: number): Codec<string> => {
  const bytes = opaque(length)
  return { read: (from) => toHex(bytes.read(from)), write: (value, to) => bytes.write(fromHex(value), to) }
}

export const optional = <Value>(of: Codec<Value>): Codec<Value | undefined> => ({
  read: (from) => (bool.read(from) ? of.read(from) : undefined),
  write(value, to) {
    bool.write(value !== undefined, to)
    if (value !== undefined) of.write(value, to)
  },
})

export const list = <Value>(
  of: Codec<Value>,
  { most = MOST, reason = 'truncated' }: { most?: number; reason?: FaultReason } = {},
): Codec<readonly Value[]> => ({
  read(from) {
    const count = from.u32()
    if (count > most) throw new XdrFault(reason)
    const values: Value[] = []
    // One by one: a count of four thousand million with nothing behind it must cost nothing.
    for (let i = 0; i < count; i++) values.push(of.read(from))
    return values
  },
  write(values, to) {
    if (values.length > most) throw new RangeError(reason)
    to.u32(values.length)
    for (const value of values) of.write(value, to)
  },
})

/** Members in the order in which they are named. */
export const struct = <Value extends object>(members: {
  readonly [Name in keyof Value]: Codec<Value[Name]>
}): Codec<Value> => {
  const entries = Object.entries(members) as [keyof Value, Codec<unknown>][]
  return {
    read: (from) => Object.fromEntries(entries.map(([name, of]) => [name, of.read(from)])) as Value,
    write(value, to) {
      for (const [name, of] of entries) of.write(value[name], to)
    },
  }
}

type Cases = Readonly<Record<string, readonly [code: number, of: Codec<object>]>>
type ValueOf<Of> = Of extends Codec<infer Value> ? Value : never

/** `union switch`: the case's name stands in the member `tag`, beside the members of the case. */
export const union = <const Tag extends string, const Known extends Cases>(
  tag: Tag,
  cases: Known,
  reason: FaultReason = 'case-unknown',
): Codec<{ [Name in keyof Known]: { readonly [T in Tag]: Name } & ValueOf<Known[Name][1]> }[keyof Known]> => {
  const byCode = new Map(Object.entries(cases).map(([name, [code, of]]) => [code, { name, of }]))
  return {
    read(from) {
      const known = byCode.get(from.u32())
      if (!known) throw new XdrFault(reason)
      return { [tag]: known.name, ...known.of.read(from) } as never
    },
    write(value, to) {
      const known = cases[(value as Record<string, string>)[tag] as string]
      if (!known) throw new RangeError(`no such ${tag}`)
      to.u32(known[0])
      known[1].write(value, to)
    },
  }
}

export const nothing: Codec<object> = { read: () => ({}), write: () => undefined }

/** An enumeration by names. */
export const choice = <const Name extends string>(codes: Readonly<Record<Name, number>>): Codec<Name> => {
  const names = new Map(Object.entries<number>(codes).map(([name, code]) => [code, name as Name]))
  return {
    read(from) {
      const name = names.get(from.u32())
      if (name === undefined) throw new XdrFault('case-unknown')
      return name
    },
    write: (name, to) => to.u32(codes[name]),
  }
}

/** A word that must stand there, in front of a value. */
export const behind = <Value>(word: number, of: Codec<Value>, reason: FaultReason): Codec<Value> => ({
  read(from) {
    if (from.u32() !== word) throw new XdrFault(reason)
    return of.read(from)
  },
  write(value, to) {
    to.u32(word)
    of.write(value, to)
  },
})

/** A value and the room behind it that TokenD keeps for later versions: empty in all that there are. */
export const extensible = <Value>(of: Codec<Value>): Codec<Value> => ({
  read(from) {
    const value = of.read(from)
    if (from.u32() !== 0) throw new XdrFault('extension-unknown')
    return value
  },
  write(value, to) {
    of.write(value, to)
    to.u32(0)
  },
})

const ED25519 = 0

/** A public key or account, `G…`. Not every one is a key that a signature may be checked with. */
export const accountKey: Codec<string> = behind(
  ED25519,
  {
    read: (from) => writeStrkey('account', from.opaque(32)),
    write(value, to) {
      const key = readStrkey('account', value)
      if (!key) throw new RangeError('no account key')
      to.opaque(key)
    },
  },
  'key-type-unknown',
)

/** Of a balance: the hex of its 32 bytes. */
export const balanceKey: Codec<string> = behind(ED25519, hex(32), 'key-type-unknown')
