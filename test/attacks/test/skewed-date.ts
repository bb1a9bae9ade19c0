/** Loaded before an app: its process lives so many days ahead of the world, or behind it. */
const skew = Number(process.env['SKEW_DAYS']) * 86_400_000
const TrueDate = Date

class SkewedDate extends TrueDate {
  constructor(...parts: [] | ConstructorParameters<DateConstructor>) {
    if (parts.length === 0) super(TrueDate.now() + skew)
    else super(...(parts as [number]))
  }

  static override now(): number {
    return TrueDate.now() + skew
  }
}

globalThis.Date = SkewedDate as DateConstructor
